/**
 * What pixels must become before a model of which nobody says it: tried on pictures. The statistics that a batch normalisation of the
 * file keeps tell it best; without one, the right numbers are those under which the model says the same of a picture and its mirror
 * image, and something else of other pictures, as surely as possible.
 */
import {
  float32Data,
  Graph,
  inline,
  oalError,
  type Classifier,
  type Engine,
  type PixelNormalisation,
  type Session,
  type Tensor,
} from "oal-core";
import { agreement, meanOf } from "./agreement.js";
import { exporterOf, usualFor, type Exporter } from "./exporter.js";
import { firstStatistics, statisticsOf, type KeptStatistics } from "./keptStatistics.js";
import type { KnownNormalisation, LoadedModel } from "./load.js";
import { feedOf, looks } from "./looks.js";
import { namedNormalisations } from "./normalisations.js";

/** How a normalisation is guessed. */
export interface GuessOptions {
  readonly engine: Engine;
  /** Pictures, each uint8 [3, S, S] as the model's preprocessing makes them, of as many kinds as there are; the first 72 are used. */
  readonly pictures: readonly Uint8Array[];
  /** Told before some pictures are shown under a candidate; the fewer candidates are left, the fewer there are to come. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** One candidate with what it was measured at; a larger value is better. */
interface Tried {
  readonly name: string;
  readonly normalisation: PixelNormalisation;
  readonly values: readonly number[];
}

/** To be raised whenever other answers come of the same pictures: answers are kept. */
export const guessVersion = 2;

/** Pictures that are shown at once, under every candidate that is left. */
const groupSize = 8;
/** Candidates that go on once so many pictures were tried: the first of these that is reached from the end counts. */
const mostCandidates = [
  { from: groupSize, candidates: 4 },
  { from: 2 * groupSize, candidates: 2 },
] as const;
/** Most pictures that are tried. */
const mostPictures = 72;
/** Standard errors by which a candidate must be behind to be given up at once, and for the best to be called clear. */
const surely = 3;
const clearly = 1;
/** Parameters beyond which half as many pictures must do. */
const largeModel = 30e6;

/**
 * The model with the normalisation that its own files give, or where they give none, with the one that pictures speak for.
 *
 * @throws OAL-X101 without pictures, the engine's errors
 * @cost nothing where a file says it; otherwise at most 530 pictures through the model, or eight through its first layers
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
    return await byAgreement(model, session, candidates, exporterOf(model, classifier.graph), options);
  } finally {
    await session.release();
  }
}

function candidatesOf({ facts, normalisation: { order } }: LoadedModel): Omit<Tried, "values">[] {
  const named: [string, PixelNormalisation][] = Object.entries(namedNormalisations);
  // an order that is given holds for all
  const all = order ? named.map(([name, each]): (typeof named)[number] => [name, { ...each, order }]) : named;
  // The order of colours means nothing to a model of grey pictures.
  const fitting = facts.input.channels === 3 ? all : all.filter(([name]) => name !== "caffe");
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
      const { output } = await session.run({ pixels: feedOf(few, candidate.normalisation, statistics) });
      if (!output) throw oalError("OAL-X101", { problem: "a batch normalisation without input" });
      tried.push({ ...candidate, gap: statisticsOf(output, statistics) });
    }
    tried.sort((a, b) => a.gap - b.gap);
    const [best, second] = tried;
    if (!best || !second) throw oalError("OAL-X101", { problem: "no normalisation was tried" });
    const figures = tried.map(({ name, gap }) => `${name} ${gap.toPrecision(2)}`).join(", ");
    const told = `Means and deviations that the file's first batch normalisation keeps, against those of ${few.length} pictures (divergence, 0 where they agree): ${figures}.`;
    const isClear = best.gap < 1 && best.gap < 0.7 * second.gap;
    return guessed(best, isClear ? [told] : [told, unclear([best.name, second.name])]);
  } finally {
    await session.release();
  }
}

async function byAgreement(
  model: LoadedModel,
  session: Session,
  candidates: readonly Omit<Tried, "values">[],
  exporter: Exporter,
  options: GuessOptions,
): Promise<KnownNormalisation> {
  const scale = model.facts.parameters > largeModel ? 0.5 : 1;
  const pictures = options.pictures.slice(0, mostPictures * scale);
  const look = looker(model, session, options);
  let left: Tried[] = candidates.map((candidate) => ({ ...candidate, values: [] }));
  let givenUp: Tried[] = [];
  for (let start = 0; start < pictures.length; start += groupSize) {
    const some = pictures.slice(start, start + groupSize);
    const isSettled =
      left.length === 1 || (start >= 3 * groupSize * scale && left[0]?.name === usualFor(exporter));
    // Agreement with other pictures needs others.
    if (some.length < 2 || isSettled) break;
    const further: Tried[] = [];
    for (const [index, each] of left.entries()) {
      options.onProgress?.(start * left.length + index * some.length, pictures.length * left.length);
      further.push({ ...each, values: [...each.values, ...(await look(each.normalisation, some))] });
    }
    const order = ranked(further);
    const going = goingOn(order, (start + some.length) / scale);
    givenUp = [...order.filter((each) => !going.includes(each)), ...givenUp];
    left = going;
  }
  const all = [...left, ...givenUp];
  const [best, second] = all;
  if (!best || !second) throw oalError("OAL-X101", { problem: "no normalisation was tried" });
  const figures = all.map((each) => `${each.name} ${meanOf(each.values).toFixed(3)}`).join(", ");
  const told = `How much more surely the model says the same of a picture, mirrored or nearer, than of two pictures, on ${best.values.length} pictures: ${figures}.`;
  const alike = all.filter(
    (each) => each === best || (each.values.length === best.values.length && sureness(best, each) <= clearly),
  );
  if (alike.length === 1) return guessed(best, [told]);
  const usual = alike.find(({ name }) => name === usualFor(exporter)) ?? best;
  return guessed(usual, [
    told,
    unclear(alike.map(({ name }) => name)),
    exporterSentence(exporter, usual.name),
  ]);
}

function guessed(
  { name, normalisation }: Omit<Tried, "values">,
  evidence: readonly string[],
): KnownNormalisation {
  return { ...normalisation, name, source: "guess", evidence };
}

/** What is not clear of a guess, in a sentence; undefined of one that pictures speak for, and of what was no guess. */
export function doubtOf({
  source,
  evidence,
}: Pick<KnownNormalisation, "source" | "evidence">): string | undefined {
  return source === "guess" ? evidence.find((text) => text.startsWith(notClear)) : undefined;
}

const notClear = "It is not clear: ";

function unclear(names: readonly string[]): string {
  return `${notClear}${names.join(", ")} are alike. preprocessor_config.json beside the model, or --mean and --std, would settle it.`;
}

function exporterSentence(exporter: Exporter, name: string): string {
  return name === usualFor(exporter)
    ? `${name} is taken: it is the usual one of models from ${exporter}.`
    : `${name} is taken: it is the best of them.`;
}

/** Of candidates, the best first, those that more pictures are shown under. */
function goingOn(order: readonly Tried[], tried: number): Tried[] {
  const most = mostCandidates.findLast(({ from }) => tried >= from)?.candidates ?? Infinity;
  const [best] = order;
  return order.filter(
    (each, rank) => best === each || (rank < most && best && sureness(best, each) <= surely),
  );
}

/** Shows a model some pictures under a normalisation: per picture, how alike its answers for the looks at it are. */
function looker(
  { facts, preprocessing: { crop: side } }: LoadedModel,
  session: Session,
  { signal }: GuessOptions,
): (normalisation: PixelNormalisation, some: readonly Uint8Array[]) => Promise<number[]> {
  const form = { channels: facts.input.channels, side };
  const rows = async (
    some: readonly Uint8Array[],
    normalisation: PixelNormalisation,
  ): Promise<Float32Array[]> => {
    signal?.throwIfAborted();
    const outputs = await session.run({ pixels: feedOf(some, normalisation, form) });
    return rowsOf(outputs["model.logits"], some.length);
  };
  return async (normalisation, some) => {
    const plain = await rows(some, normalisation);
    const values = some.map(() => 0);
    for (const view of looks) {
      const seen = await rows(
        some.map((planes) => view(planes, side)),
        normalisation,
      );
      agreement(plain, seen, facts.logits !== null).forEach((value, index) => {
        values[index] = (values[index] ?? 0) + value / looks.length;
      });
    }
    return values;
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
