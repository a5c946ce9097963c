/**
 * Latent outlier synthesis: every chosen outlier embedding conditions the diffusion model once; the latents are kept whole
 * with class, source and seed. The same function makes inlier samples from real embeddings.
 */
import { Random, float32Data, float32Tensor, sizeOf, type Engine } from "oal-core";
import { classesInTurn } from "../data/classesInTurn.js";
import { resizePictures } from "../data/resizePictures.js";
import { optionsIn } from "../fields.js";
import { courseGrid, openStart, type Course, type Starter } from "./course.js";
import type { Conditions, LatentDiffusion } from "./diffusion/model.js";
import type { KeptLatents } from "./keptLatents.js";
import { prepareSampler, type Predictions, type SamplerRun } from "./samplers/drive.js";
import { samplers } from "./samplers/index.js";
import type { SamplingGrid } from "./samplers/schedule.js";
import type { SynthesisOptions } from "./synthesisOptions.js";

/** Embeddings to choose from. */
export interface ConditionSet extends Conditions {
  readonly dimension: number;
}

/** Synthesised latents. */
export interface SynthesisResult {
  readonly count: number;
  readonly latentShape: readonly [number, number, number];
  /** As the denoiser made them (scaled), [count, ...latentShape]. */
  readonly latents: Float32Array;
  /** Class of the embedding behind each latent. */
  readonly labels: Int32Array;
  /** Row of that embedding in the condition set. */
  readonly sources: Int32Array;
  /** A second class that each was made of; absent: it was made of one. */
  readonly others?: Int32Array;
  /** What the noise of each latent was drawn by, with the seed: its place among those that were made. */
  readonly positions: Int32Array;
  readonly seed: number;
}

/** Synthesised latents with their pictures. */
export interface SynthesisPictures extends SynthesisResult {
  readonly imageSize: number;
  /** uint8 [count, 3, imageSize, imageSize]. */
  readonly images: Uint8Array;
}

/** How a synthesis is followed and stopped, and what of it is not as usual. */
export interface SynthesisWork extends Partial<Omit<Course, "conditions">> {
  /** Rows of the conditions to use. Default: classes in turn. */
  readonly chosen?: Int32Array;
  /** Told before the first latent and after every batch: latents that are there, and how many will be. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told before every step of a batch; what it throws stops the work, finished batches are kept. */
  readonly onStep?: (step: number, steps: number) => void;
  /** What the noise is called among draws of the seed. Default: "synthesis". */
  readonly stream?: string;
  /** Finished batches of an earlier attempt, and where those of this one go. */
  readonly kept?: KeptLatents;
}

/** Bytes of states that are prepared before the denoiser runs on them, so that the text encoder is not opened for every batch. */
const preparedStates = 64 * 2 ** 20;

/**
 * Synthesises latents for chosen embeddings. Each depends on (seed, its position, its embedding) only, not on the batches it was made in.
 *
 * @throws OAL-C202 for an unknown sampler or a number of steps the schedule does not have
 */
export async function synthesize(
  engine: Engine,
  model: LatentDiffusion,
  conditions: ConditionSet,
  options: SynthesisOptions,
  work: SynthesisWork = {},
): Promise<SynthesisResult> {
  const { seed, steps } = options;
  const { guidance = options.guidance, against, stream = "synthesis" } = work;
  const isPaired = guidance !== 1 || against !== undefined;
  const sampler = samplers.find(options.sampler);
  const sources = work.chosen ?? classesInTurn(conditions.labels, options.count, seed, "synthesis/choice");
  const count = sources.length;
  const size = sizeOf(model.latentShape);
  const rows = isPaired ? Math.max(1, model.denoiserBatch >> 1) : model.denoiserBatch;
  const grid = courseGrid(model.schedule, steps, work.start?.share);
  const setup = {
    sampler,
    grid,
    options: optionsIn(sampler, options),
    shape: [rows, ...model.latentShape],
    guidance,
    isPaired,
    prediction: model.prediction,
    ...(work.steer ? { steer: work.steer } : {}),
  };
  const run = await prepareSampler(engine, setup);
  const start = await openStart(engine, work.start, setup.shape, grid.alphaBar[0] ?? 1);
  const labels = sources.map((row) => conditions.labels[row] ?? -1);
  const latents = new Float32Array(count * size);
  const batches = await openBatches({ count, rows, size }, work.kept, (begin, values) =>
    latents.set(values, begin * size),
  );
  let done = count - batches.reduce((sum, { own }) => sum + own, 0);
  const atOnce = Math.max(1, Math.floor(preparedStates / (4 * rows * sizeOf(model.stateShape))));
  try {
    const unconditional =
      isPaired && !against && batches.length > 0 ? await model.condition(null, rows) : null;
    work.onProgress?.(done, count);
    for (let first = 0; first < batches.length; first += atOnce) {
      const block = batches.slice(first, first + atOnce);
      const states = await statesOf(model, conditions, sources, block);
      const from = against ? await statesOf(model, against.conditions, against.chosen, block) : [];
      for (const [i, batch] of block.entries()) {
        const made = await sampleBatch(
          { run, model, grid, seed, stream, rows, onStep: work.onStep, start },
          batch,
          joined(unconditional ?? from[i] ?? null, states[i] ?? new Float32Array()),
          isPaired,
        );
        const own = made.subarray(0, batch.own * size);
        latents.set(own, batch.begin * size);
        await work.kept?.write(batch.index, own);
        done += batch.own;
        work.onProgress?.(done, count);
      }
    }
  } finally {
    await run.release();
    await start.release();
  }
  const positions = Int32Array.from({ length: count }, (_, i) => i);
  const others = work.others ? { others: work.others } : {};
  return { count, latentShape: model.latentShape, latents, labels, sources, ...others, positions, seed };
}

/**
 * Decodes latents to pictures.
 *
 * @param size height and width of the pictures in pixels; those of another size are resized. Default: the model's
 * @cost in memory a few pictures of the model's size at once
 */
export async function decodePictures(
  model: LatentDiffusion,
  made: SynthesisResult,
  size = model.imageSize,
  onProgress?: (done: number, total: number) => void,
): Promise<SynthesisPictures> {
  const latentSize = sizeOf(model.latentShape);
  const images = new Uint8Array(made.count * 3 * size * size);
  const atOnce = Math.max(1, Math.floor(2 ** 22 / model.imageSize ** 2));
  for (let begin = 0; begin < made.count; begin += atOnce) {
    const rows = Math.min(atOnce, made.count - begin);
    const some = made.latents.subarray(begin * latentSize, (begin + rows) * latentSize);
    const decoded = await model.decode(some, rows);
    images.set(
      size === model.imageSize ? decoded : resizePictures(decoded, model.imageSize, size),
      begin * 3 * size * size,
    );
    onProgress?.(begin + rows, made.count);
  }
  return { ...made, imageSize: size, images };
}

/** Latents that are sampled at once. */
interface Batch {
  readonly index: number;
  readonly begin: number;
  /** How many of its rows are its own; the last batch is filled up with its own last item. */
  readonly own: number;
  /** Positions of its rows. */
  readonly items: readonly number[];
}

/** The batches that have to be made; `take` gets the latents of the others. */
async function openBatches(
  { count, rows, size }: { readonly count: number; readonly rows: number; readonly size: number },
  kept: KeptLatents | undefined,
  take: (begin: number, latents: Float32Array) => void,
): Promise<Batch[]> {
  const open: Batch[] = [];
  for (let begin = 0; begin < count; begin += rows) {
    const index = begin / rows;
    const own = Math.min(rows, count - begin);
    const found = (await kept?.read(index, own * size)) ?? null;
    const items = Array.from({ length: rows }, (_, i) => Math.min(begin + i, count - 1));
    if (found) take(begin, found);
    else open.push({ index, begin, own, items });
  }
  return open;
}

/** States of some batches. */
async function statesOf(
  model: LatentDiffusion,
  { embeddings, dimension, labels }: ConditionSet,
  sources: Int32Array,
  batches: readonly Batch[],
): Promise<Float32Array[]> {
  const found: Float32Array[] = [];
  for (const { items } of batches) {
    const gathered = new Float32Array(items.length * dimension);
    const rows = items.map((item) => sources[item] ?? 0);
    rows.forEach((row, i) =>
      gathered.set(embeddings.subarray(row * dimension, (row + 1) * dimension), i * dimension),
    );
    const given = { embeddings: gathered, labels: rows.map((row) => labels[row] ?? -1) };
    found.push(await model.condition(given, items.length));
  }
  return found;
}

/** What all batches are sampled with. */
interface Sampling {
  readonly run: SamplerRun;
  readonly model: LatentDiffusion;
  readonly grid: SamplingGrid;
  readonly seed: number;
  readonly stream: string;
  readonly rows: number;
  readonly onStep: SynthesisWork["onStep"];
  readonly start: Starter;
}

async function sampleBatch(
  { run, model, grid, seed, stream, rows, onStep, start }: Sampling,
  { items }: Batch,
  states: Float32Array,
  isPaired: boolean,
): Promise<Float32Array> {
  const size = sizeOf(model.latentShape);
  const shape = [rows, ...model.latentShape];
  const draw = (random: Random, step: (item: number) => number): Float32Array => {
    const noise = new Float32Array(rows * size);
    items.forEach((item, i) => random.normals(step(item), size, noise.subarray(i * size, (i + 1) * size)));
    return noise;
  };
  const fresh = new Random(seed, `${stream}/fresh`);
  return run.run(
    await start.latents(
      items,
      draw(new Random(seed, `${stream}/start`), (item) => item),
    ),
    async (latent, time, step) => {
      onStep?.(step, grid.timesteps.length);
      const values = float32Data(latent);
      const output = float32Data(
        await model.predict(isPaired ? joined(values, values) : values, time, states),
      );
      const half = rows * size;
      const conditional = float32Tensor(shape, isPaired ? output.subarray(half, 2 * half) : output);
      const predictions: Predictions = { conditional };
      return isPaired
        ? { conditional, unconditional: float32Tensor(shape, output.subarray(0, half)) }
        : predictions;
    },
    (step) => draw(fresh, (item) => item * grid.timesteps.length + step),
  );
}

function joined(first: Float32Array | null, second: Float32Array): Float32Array {
  if (!first) return second;
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
