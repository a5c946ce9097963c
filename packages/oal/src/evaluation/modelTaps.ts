/** A model that can be run again: for detectors that need more of it than its stored outputs. */
import { createHash } from "node:crypto";
import {
  float32Data,
  modelParts,
  oalError,
  uint8Tensor,
  type Classifier,
  type Engine,
  type FitBatch,
  type FitHead,
  type FitRows,
  type FitSource,
  type Measurement,
  type Session,
  type StreamTap,
  type Tensor,
  type Value,
} from "oal-core";
import type { OutputSet } from "./outputs.js";

/** A classifier that can be built into new graphs. */
export interface ModelSource {
  /** Images per run. */
  readonly batch: number;
  /** Height and width of its images, in pixels. */
  readonly size: number;
  /** The classifier in a graph of its own, for a number of images; no outputs are marked. */
  build(batch: number): Classifier;
}

/** Outputs of one batch of a set, cut to its images. */
export interface ModelBatch {
  readonly start: number;
  readonly end: number;
  readonly outputs: Readonly<Record<string, FitRows>>;
}

/**
 * Runs a graph over the images of a set.
 *
 * @param session  takes "images" uint8 [batch, 3, S, S]
 * @throws OAL-E203 when the set has no images
 */
export async function* runOverImages(
  session: Session,
  { batch, size }: ModelSource,
  { name, images, labels }: OutputSet,
): AsyncGenerator<ModelBatch, void, undefined> {
  if (!images) throw oalError("OAL-E203", { detector: name, needs: "the images themselves" });
  for (let start = 0; start < labels.length; start += batch) {
    const end = Math.min(labels.length, start + batch);
    // The last batch is filled up with black images, whose outputs are dropped.
    const pixels = new Uint8Array(batch * 3 * size * size);
    pixels.set(images.read(start, end));
    const outputs = await session.run({ images: uint8Tensor([batch, 3, size, size], pixels) });
    const cut = Object.entries(outputs).map(([output, tensor]) => [output, firstRows(tensor, end - start)]);
    yield { start, end, outputs: Object.fromEntries(cut) };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function firstRows(tensor: Tensor, count: number): FitRows {
  const [rows = 1, ...rest] = tensor.shape;
  const data = float32Data(tensor);
  return { shape: [count, ...rest], data: data.subarray(0, (data.length / rows) * count) };
}

/** Streams of any tap, from images through the model; null where a set or tap is not there. */
export function modelStreams(
  engine: Engine,
  model: ModelSource,
  sets: readonly OutputSet[],
  classes: number,
  head: FitHead | undefined,
): FitSource {
  return (group, taps, measured, drawn) => {
    const whole = sets.find((each) => each.group === group);
    const rows = whole && drawn ? drawn(whole.labels) : undefined;
    const set = whole && rows && rows.length < whole.labels.length ? imagesAt(whole, rows) : whole;
    const built = model.build(model.batch);
    if (!set?.images || !taps.every((name) => name === "measured" || tapOf(built, name))) return null;
    return {
      set: group,
      count: set.labels.length,
      classes,
      batches: () => tapBatches(engine, model, set, taps, measured),
      head,
    };
  };
}

/** Some images of a set, without what was stored of them. */
function imagesAt(set: OutputSet, rows: readonly number[]): OutputSet {
  const { images } = set;
  const ofRows = (start: number, end: number): Uint8Array => {
    const parts = rows.slice(start, end).map((row) => images?.read(row, row + 1).slice() ?? new Uint8Array());
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  };
  return {
    ...set,
    labels: Int32Array.from(rows, (row) => set.labels[row] ?? -1),
    ids: rows.map((row) => set.ids[row] ?? ""),
    ...(images ? { images: { read: ofRows } } : {}),
  };
}

async function* tapBatches<Name extends StreamTap>(
  engine: Engine,
  model: ModelSource,
  set: OutputSet,
  names: readonly Name[],
  measured: Measurement | undefined,
): AsyncGenerator<FitBatch<Name>, void, undefined> {
  const built = model.build(model.batch);
  for (const name of names) {
    const value = name === "measured" ? measured?.(built.graph, built.taps) : tapOf(built, name);
    if (value) built.graph.output(name, value);
  }
  const session = await engine.compile(built.graph);
  try {
    for await (const { start, end, outputs } of runOverImages(session, model, set)) {
      if (!hasAll(outputs, names)) throw oalError("OAL-X101", { problem: "a stream lacks a tap" });
      yield { count: end - start, labels: set.labels.subarray(start, end), taps: outputs };
    }
  } finally {
    await session.release();
  }
}

/** The hashes of models by what is taken from them. */
const contents = new WeakMap<ModelSource, Map<string, string>>();

/** SHA-256 of the graph that gives a model's logits, features and some taps, weights included: two that agree compute the same. */
export function modelContent(model: ModelSource, taps: readonly StreamTap[]): string {
  const names = [...new Set<StreamTap>(["logits", "features", ...taps])].sort();
  const known = contents.get(model) ?? new Map<string, string>();
  contents.set(model, known);
  const found = known.get(names.join()) ?? contentOf(model, names);
  known.set(names.join(), found);
  return found;
}

function contentOf(model: ModelSource, names: readonly StreamTap[]): string {
  const built = model.build(model.batch);
  for (const name of names) {
    const value = tapOf(built, name);
    if (value) built.graph.output(name, value);
  }
  const hash = createHash("sha256");
  const { model: graph, data } = modelParts(built.graph, { data: "weights" });
  for (const part of [...graph, ...data]) hash.update(part);
  return hash.digest("hex");
}

function hasAll<Name extends string>(
  outputs: Readonly<Record<string, FitRows>>,
  names: readonly Name[],
): outputs is Readonly<Record<Name, FitRows>> {
  return names.every((name) => outputs[name] !== undefined);
}

function tapOf({ taps }: Classifier, name: StreamTap): Value | undefined {
  if (name === "measured") return undefined;
  if (name === "logits" || name === "features") return taps[name];
  if (name.startsWith("heads.")) return taps.heads?.get(name.slice("heads.".length));
  return taps.maps.get(name.slice("maps.".length));
}

/** The last layer as numbers; undefined where it is not linear. */
export async function headNumbers(engine: Engine, model: ModelSource): Promise<FitHead | undefined> {
  const { graph, taps } = model.build(1);
  if (!taps.head) return undefined;
  const { weight, bias } = taps.head;
  if (weight.constant && bias.constant) return { weight: weight.constant, bias: bias.constant };
  graph.output("numbers of head.weight", weight);
  graph.output("numbers of head.bias", bias);
  const session = await engine.compile(graph);
  try {
    const { size } = model;
    const outputs = await session.run({
      images: uint8Tensor([1, 3, size, size], new Uint8Array(3 * size * size)),
    });
    const [W, b] = [outputs["numbers of head.weight"], outputs["numbers of head.bias"]];
    if (!W || !b) throw oalError("OAL-X101", { problem: "a head has no numbers" });
    return { weight: W, bias: b };
  } finally {
    await session.release();
  }
}
