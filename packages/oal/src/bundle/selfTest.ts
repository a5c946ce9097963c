/** The self-test of a bundle: the picture of the formula as its input, and what its outputs say of it. */
import {
  expectedAnswer,
  oalError,
  pictureInput,
  selfTestPicture,
  selfTestSize,
  toNumbers,
  uint8Tensor,
  type FoundAnswer,
  type SelfTest,
  type Session,
} from "oal-core";
import type { BundleFacts } from "./facts.js";

/** What a bundle says of the self-test's picture. */
export interface SelfTestAnswer {
  /** Index of the most probable class. */
  readonly label: number;
  /** By the detector's id. */
  readonly found: Readonly<Record<string, FoundAnswer>>;
}

type Asked = Pick<BundleFacts, "preprocessing" | "input" | "detectors" | "notes">;

/**
 * Shares of the scores' standard deviation that engines may differ by, where networks are rounded. In 8 bits every engine rounds its own
 * way, and a difference in the last bit becomes a whole step: MobileNetV2's scores differed by up to 0.13 deviations between engines
 * and between levels of optimisation of one, in 16 bits by 0.00012.
 */
const roundedShares: Readonly<Record<string, number>> = { fp16: 1e-3, int8: 0.5 };

/** Sides of the picture that a bundle is shown: the only one it takes, where it takes only one. */
function sidesFor({ input }: Asked): { readonly width: number; readonly height: number } {
  const { resizing, width, height } = input;
  return resizing === "fixed" && width !== null && height !== null ? { width, height } : selfTestSize;
}

/** Runs a bundle on the picture. */
export async function answerSelfTest(
  session: Session,
  facts: Asked,
  { width, height } = sidesFor(facts),
): Promise<SelfTestAnswer> {
  const { data, shape } = pictureInput(selfTestPicture(width, height), facts, "the self-test");
  const outputs = await session.run({ images: uint8Tensor([1, ...shape], data) });
  const first = (name: string): number => {
    const output = outputs[name];
    const [value] = output ? toNumbers(output) : [];
    if (value === undefined) throw oalError("OAL-X101", { problem: `a bundle without the output ${name}` });
    return value;
  };
  const found = facts.detectors.map(({ id, outputs: names }): [string, FoundAnswer] => [
    id,
    { score: first(names.score), pValue: first(names.pValue), known: first(names.known) === 1 },
  ]);
  return { label: first("label"), found: Object.fromEntries(found) };
}

/** The self-test of a bundle as its metadata hold it, from what the bundle says here. */
export async function makeSelfTest(session: Session, facts: Asked): Promise<SelfTest> {
  const { label, found } = await answerSelfTest(session, facts);
  const share = roundedShares[facts.notes["precision"] ?? ""];
  const detectors = facts.detectors.flatMap(({ id, decision, jumps }) => {
    const score = found[id]?.score ?? Number.NaN;
    // Infinity has no JSON, and no tolerance.
    return jumps === true || !Number.isFinite(score)
      ? []
      : [[id, expectedAnswer(decision, score, label, share)] as const];
  });
  const certain = share === undefined || share < 0.1 ? label : null;
  return { ...sidesFor(facts), label: certain, detectors: Object.fromEntries(detectors) };
}
