/** A bundle is run again after it was written: what the file says must be what was measured. */
import {
  decide,
  float32Tensor,
  int64Tensor,
  oalError,
  toNumbers,
  uint8Tensor,
  type Engine,
  type SelfTest,
  type Session,
  type SessionOptions,
  type Tensor,
} from "oal-core";
import { readBundle } from "./read.js";
import type { StoredDetector } from "./facts.js";
import { makeSelfTest } from "./selfTest.js";

/** Largest difference to what was expected, as a share of the output's largest absolute value. */
export const allowedDifference = 1e-5;

/** Outputs by name, float32 [N, ...], row by row of the pictures. */
export type CheckedOutputs = Readonly<Record<string, Tensor>>;

/** What a bundle is checked with. */
export interface CheckOptions {
  readonly engine: Engine;
  /** uint8 [N, 3, S, S], N of at least 1. */
  readonly images: Tensor;
  readonly expected: CheckedOutputs;
  /** How the file is prepared. Default "all", as it is when it is used. */
  readonly optimization?: SessionOptions["optimization"];
  /** What the file is called in errors. Default: its path. */
  readonly called?: string;
}

/**
 * Opens a bundle from its file and runs it: all pictures at once and the first one alone. Every expected output must come out,
 * every detector's p value and "known" must be what its decision says of its score, and label and probabilities what the logits
 * say.
 *
 * @returns what it says of the picture of the self-test
 * @throws OAL-I145 naming what differs, and the errors of `readBundle`
 */
export async function checkBundle(
  file: string,
  { engine, images, expected, optimization = "all", called: path = file }: CheckOptions,
): Promise<SelfTest> {
  const facts = await readBundle(file, { verify: false });
  const session = await engine.open(file, { optimization });
  try {
    const outputs = await session.run({ images });
    for (const [name, wanted] of Object.entries(expected)) compare(path, name, outputs[name], wanted);
    compareClasses(path, outputs);
    for (const detector of facts.detectors) compareDecision(path, detector, outputs);
    await checkAlone(path, session, images, outputs, facts.detectors);
    return await makeSelfTest(session, facts);
  } finally {
    await session.release();
  }
}

/**
 * A picture's outputs must not depend on those beside it. A p value is a step function of its score, and a score that lies on a step
 * may round to either side of it in a batch of another size: it must be what the picture's own score says.
 */
async function checkAlone(
  path: string,
  session: Session,
  images: Tensor,
  together: CheckedOutputs,
  detectors: readonly StoredDetector[],
): Promise<void> {
  const [count = 0, ...sides] = images.shape;
  if (count < 2 || !(images.data instanceof Uint8Array)) return;
  const row = images.data.length / count;
  const alone = await session.run({ images: uint8Tensor([1, ...sides], images.data.slice(0, row)) });
  const steps = new Set(detectors.map(({ outputs }) => outputs.pValue));
  for (const [name, output] of Object.entries(together)) {
    if (output.dtype !== "float32" || steps.has(name)) continue;
    const width = output.data.length / count;
    const first = output.data.slice(0, width);
    const of = { ...output, shape: [1, ...output.shape.slice(1)], data: first };
    // Against the largest value of the whole batch: one picture's own may be all but zero.
    compare(path, `${name} of one picture alone`, alone[name], of, largest(output));
  }
  for (const detector of detectors) compareDecision(path, detector, alone);
}

function compare(
  path: string,
  output: string,
  found: Tensor | undefined,
  wanted: Tensor,
  scale = largest(wanted),
): void {
  const fail = (difference: number): never => {
    throw oalError("OAL-I145", { path, output, difference, allowed: allowedDifference * scale });
  };
  if (!found || found.shape.join() !== wanted.shape.join()) return fail(Infinity);
  const [a, b] = [toNumbers(found), toNumbers(wanted)];
  const difference = a.reduce((most, value, i) => {
    const gap = Object.is(value, b[i]) ? 0 : Math.abs(value - (b[i] ?? NaN));
    return gap <= most ? most : gap; // NaN stays
  }, 0);
  if (!(difference <= allowedDifference * scale)) fail(difference);
}

function largest(tensor: Tensor): number {
  return toNumbers(tensor).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** The file's own labels, exactly, and probabilities against its logits. */
function compareClasses(path: string, outputs: CheckedOutputs): void {
  const { logits } = outputs;
  const [count = 0, classes = 0] = logits?.shape ?? [];
  const rows = Array.from({ length: count }, (_, row) =>
    logits ? toNumbers(logits).slice(row * classes, (row + 1) * classes) : [],
  );
  compare(path, "label", outputs["label"], int64Tensor([count], rows.map(largestAt)), 0);
  const probabilities = float32Tensor([count, classes], rows.flatMap(softmaxOf));
  compare(path, "probabilities", outputs["probabilities"], probabilities, 1);
}

function largestAt(row: readonly number[]): number {
  return row.indexOf(Math.max(...row));
}

function softmaxOf(row: readonly number[]): number[] {
  const most = Math.max(...row);
  const powers = row.map((value) => Math.exp(value - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** The file's own p values and verdicts against `decide` on the file's own scores: exactly, up to float32. */
function compareDecision(
  path: string,
  { decision, outputs: names }: StoredDetector,
  outputs: CheckedOutputs,
): void {
  const of = (name: string): number[] => (outputs[name] ? toNumbers(outputs[name]) : []);
  const logits = of("logits");
  const scores = of(names.score);
  const width = logits.length / Math.max(1, scores.length);
  const predicted = (row: number): number => largestAt(logits.slice(row * width, (row + 1) * width));
  const said = scores.map((score, row) => decide(decision, score, predicted(row)));
  const wanted: [string, number[]][] = [
    [names.known, said.map(({ known }) => Number(known))],
    [names.pValue, said.map(({ pValue }) => Math.fround(pValue))],
    ...(names.ask === undefined
      ? []
      : [[names.ask, said.map(({ ask }) => Number(ask))] satisfies [string, number[]]]),
  ];
  for (const [output, values] of wanted) {
    const found = of(output);
    const worst = values.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (found[i] ?? Infinity))),
      0,
    );
    if (worst > 0) throw oalError("OAL-I145", { path, output, difference: worst, allowed: 0 });
  }
}
