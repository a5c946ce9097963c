/**
 * What pixels must become before a model of which nobody says it: tried on pictures. The statistics that a batch normalisation of the
 * file keeps tell it best; without one, the right numbers are those under which the model says the same of a picture and its mirror
 * image, and something else of other pictures, as surely as possible.
 */
import {
  float32Data,
  float32Tensor,
  Graph,
  inline,
  normaliseBatch,
  oalError,
  type Classifier,
  type Engine,
  type PixelNormalisation,
  type Session,
  type Tensor,
} from "oal-core";
import { agreement, meanOf } from "./agreement.js";
import { firstStatistics, statisticsOf, type KeptStatistics } from "./keptStatistics.js";
import type { KnownNormalisation, LoadedModel } from "./load.js";
import { namedNormalisations } from "./normalisations.js";

/** How a normalisation is guessed. */
export interface GuessOptions {
  readonly engine: Engine;
  /** Pictures, each uint8 [3, S, S] as the model's preprocessing makes them, of as many kinds as there are; the first 36 are used. */
  readonly pictures: readonly Uint8Array[];
  /** Told before every run of the model on a batch. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** One candidate with what it was measured at; a larger value is better. */
interface Tried {
  readonly name: string;
  readonly normalisation: PixelNormalisation;
  readonly values: readonly number[];
}

/** Pictures that every candidate is tried on, and those that the best ones are tried on further. */
const counts = { first: 12, further: 24, finalists: 3 } as const;
/** Parameters beyond which half as many pictures must do. */
const largeModel = 30e6;
const batchSize = 6;

/**
 * The model with the normalisation that its own files give, or where they give none, with the one that pictures speak for.
 *
 * @throws OAL-X101 without pictures, the engine's errors
 * @cost nothing where a file says it; otherwise at most 290 pictures through the model, or eight through its first layers
 */
export async function withGuessedNormalisation(
  model: LoadedModel,
  options: GuessOptions,
): Promise<LoadedModel> {
  if (model.normalisation.source !== "assumed") return model;
  return model.normalised(await guessNormalisation(model, options));
}

/**
 * Tries the usual normalisations on pictures.
 *
 * @returns the one that fits best, with the figures as evidence
 */
export async function guessNormalisation(
  model: LoadedModel,
  options: GuessOptions,
): Promise<KnownNormalisation> {
  const { pictures, engine } = options;
  if (pictures.length === 0)
    throw oalError("OAL-X101", { problem: "a normalisation is guessed without pictures" });
  const plain: KnownNormalisation = {
    ...namedNormalisations["0..255"],
    name: "0..255",
    source: "guess",
    evidence: [],
  };
  const classifier = model.normalised(plain).classifier();
  const statistics = firstStatistics(classifier);
  const candidates = candidatesOf(model);
  if (statistics) return byStatistics(statistics, candidates, options);
  const session = await engine.compile(withoutNormalisation(classifier));
  try {
    return await byAgreement(model, session, candidates, options);
  } finally {
    await session.release();
  }
}

function candidatesOf({ facts }: LoadedModel): Omit<Tried, "values">[] {
  const all: [string, PixelNormalisation][] = Object.entries(namedNormalisations);
  // The order of colours means nothing to a model of grey pictures.
  const fitting = facts.input.channels === 3 ? all : all.filter(([, { order }]) => order === undefined);
  return fitting.map(([name, normalisation]) => ({ name, normalisation }));
}

/** The classifier from its normalised input on. Class scores come out, or features where there are no classes. */
function withoutNormalisation(classifier: Classifier): Graph {
  const { input, logits } = classifier.taps;
  if (!input)
    throw oalError("OAL-X101", { problem: "a model without a float input has no normalisation to guess" });
  const graph = new Graph();
  const pixels = graph.input("pixels", { dtype: "float32", shape: input.dims });
  const inside = inline(graph, classifier.graph, new Map([[input, pixels]]), { wanted: [logits] });
  const found = inside.get(logits);
  if (found) graph.output("model.logits", found);
  return graph;
}

async function byStatistics(
  statistics: KeptStatistics,
  candidates: readonly Omit<Tried, "values">[],
  { engine, pictures, signal }: GuessOptions,
): Promise<KnownNormalisation> {
  const few = pictures.slice(0, 8);
  const session = await engine.compile(statistics.graph);
  try {
    const tried: (Omit<Tried, "values"> & { readonly gap: number })[] = [];
    for (const candidate of candidates) {
      signal?.throwIfAborted();
      const { output } = await session.run({ pixels: feedOf(few, candidate.normalisation, statistics.side) });
      if (!output) throw oalError("OAL-X101", { problem: "a batch normalisation without input" });
      tried.push({ ...candidate, gap: statisticsOf(output, statistics) });
    }
    tried.sort((a, b) => a.gap - b.gap);
    const [best, second] = tried;
    if (!best || !second) throw oalError("OAL-X101", { problem: "no normalisation was tried" });
    const figures = tried.map(({ name, gap }) => `${name} ${gap.toPrecision(2)}`).join(", ");
    return {
      ...best.normalisation,
      name: best.name,
      source: "guess",
      evidence: [
        `Means and deviations that the file's first batch normalisation keeps, against those of ${few.length} pictures (divergence, 0 where they agree): ${figures}.`,
        ...(best.gap < 1 && best.gap < 0.7 * second.gap
          ? []
          : [
              `It is not clear: ${best.name} and ${second.name} are alike. preprocessor_config.json beside the model, or --mean and --std, would settle it.`,
            ]),
      ],
    };
  } finally {
    await session.release();
  }
}

async function byAgreement(
  model: LoadedModel,
  session: Session,
  candidates: readonly Omit<Tried, "values">[],
  { pictures, onProgress = () => undefined, signal }: GuessOptions,
): Promise<KnownNormalisation> {
  const scale = model.facts.parameters > largeModel ? 0.5 : 1;
  const first = pictures.slice(0, counts.first * scale);
  const further = pictures.slice(first.length, first.length + counts.further * scale);
  const total =
    candidates.length * first.length + Math.min(counts.finalists, candidates.length) * further.length;
  let done = 0;
  const side = model.preprocessing.crop;
  const isLogits = model.facts.logits !== null;
  const look = async (
    some: readonly Uint8Array[],
    normalisation: PixelNormalisation,
  ): Promise<Float32Array[]> => {
    const rows: Float32Array[] = [];
    for (let start = 0; start < some.length; start += batchSize) {
      signal?.throwIfAborted();
      onProgress(done, 2 * total);
      const batch = some.slice(start, start + batchSize);
      const outputs = await session.run({ pixels: feedOf(batch, normalisation, side) });
      rows.push(...rowsOf(outputs["model.logits"], batch.length));
      done += batch.length;
    }
    return rows;
  };
  const tried = async (candidate: Omit<Tried, "values">, some: readonly Uint8Array[]): Promise<Tried> => {
    const plain = await look(some, candidate.normalisation);
    const mirrored = await look(
      some.map((planes) => mirroredPlanes(planes, side)),
      candidate.normalisation,
    );
    return { ...candidate, values: agreement(plain, mirrored, isLogits) };
  };
  let all: Tried[] = [];
  for (const candidate of candidates) all.push(await tried(candidate, first));
  all = ranked(all);
  if (further.length > 0) {
    const finalists: Tried[] = [];
    for (const finalist of all.slice(0, counts.finalists)) {
      const more = await tried(finalist, further);
      finalists.push({ ...finalist, values: [...finalist.values, ...more.values] });
    }
    all = [...ranked(finalists), ...all.slice(counts.finalists)];
  }
  const [best, second] = all;
  if (!best || !second) throw oalError("OAL-X101", { problem: "no normalisation was tried" });
  const figures = all.map((each) => `${each.name} ${meanOf(each.values).toFixed(3)}`).join(", ");
  const isClear = sureness(best, second) > 1;
  return {
    ...best.normalisation,
    name: best.name,
    source: "guess",
    evidence: [
      `How much more surely the model says the same of a picture and its mirror image than of two pictures, on ${best.values.length} pictures: ${figures}.`,
      ...(isClear
        ? []
        : [
            `It is not clear: ${best.name} and ${second.name} are alike. preprocessor_config.json beside the model, or --mean and --std, would settle it.`,
          ]),
    ],
  };
}

const ranked = (tried: readonly Tried[]): Tried[] =>
  [...tried].sort((a, b) => meanOf(b.values) - meanOf(a.values));

/** By how many standard errors one candidate is better, picture by picture. */
function sureness(a: Tried, b: Tried): number {
  const gaps = a.values.flatMap((value, index) => {
    const other = b.values[index];
    return other === undefined ? [] : [value - other];
  });
  const mean = meanOf(gaps);
  const variance = meanOf(gaps.map((gap) => (gap - mean) ** 2));
  return mean / Math.sqrt(variance / Math.max(1, gaps.length - 1) + 1e-12);
}

function rowsOf(tensor: Tensor | undefined, count: number): Float32Array[] {
  if (!tensor) throw oalError("OAL-X101", { problem: "a classifier without class scores" });
  const data = float32Data(tensor);
  const width = data.length / count;
  return Array.from({ length: count }, (_, row) => data.subarray(row * width, (row + 1) * width));
}

/** Normalised pictures as one feed, float32 [N, 3, S, S]. */
function feedOf(
  pictures: readonly Uint8Array[],
  { mean, std, order = "rgb" }: PixelNormalisation,
  side: number,
): Tensor {
  const plane = side * side;
  const data = new Float32Array(pictures.length * 3 * plane);
  pictures.forEach((planes, index) => {
    const own = data.subarray(index * 3 * plane, (index + 1) * 3 * plane);
    normaliseBatch(planes, plane, { mean, std }, own);
    if (order === "rgb") return;
    const red = own.slice(0, plane);
    own.copyWithin(0, 2 * plane, 3 * plane);
    own.set(red, 2 * plane);
  });
  return float32Tensor([pictures.length, 3, side, side], data);
}

/** A picture's planes, mirrored left to right. */
function mirroredPlanes(planes: Uint8Array, side: number): Uint8Array {
  const mirrored = new Uint8Array(planes.length);
  for (let row = 0; row < planes.length; row += side)
    for (let x = 0; x < side; x++) mirrored[row + x] = planes[row + side - 1 - x] ?? 0;
  return mirrored;
}
