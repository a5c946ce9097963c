/**
 * Latent outlier synthesis: every chosen outlier embedding conditions the diffusion model once; the latents are kept whole
 * with class, source and seed, and decoded to pictures. The same function makes inlier samples from real embeddings.
 */
import { Random, float32Data, float32Tensor, type Engine } from "oal-core";
import { classesInTurn } from "../data/classesInTurn.js";
import type { LatentDiffusion } from "./diffusion/model.js";
import { prepareSampler, type Predictions } from "./samplers/drive.js";
import { samplers } from "./samplers/index.js";
import type { SynthesisOptions } from "./synthesisOptions.js";
import { optionsIn } from "../fields.js";
import { gridOf, uniformTimesteps } from "./samplers/schedule.js";

/** Embeddings to choose from. */
export interface ConditionSet {
  /** [count, dimension], of any norm; the direction counts. */
  readonly embeddings: Float32Array;
  readonly dimension: number;
  /** Class of each row. */
  readonly labels: ArrayLike<number>;
}

/** Synthesised latents and pictures. */
export interface SynthesisResult {
  readonly count: number;
  readonly latentShape: readonly [number, number, number];
  readonly imageSize: number;
  /** As the denoiser made them (scaled), [count, ...latentShape]. */
  readonly latents: Float32Array;
  /** uint8 [count, 3, imageSize, imageSize]. */
  readonly images: Uint8Array;
  /** Class of the embedding behind each latent. */
  readonly labels: Int32Array;
  /** Row of that embedding in the condition set. */
  readonly sources: Int32Array;
  readonly seed: number;
}

/**
 * Synthesises latents for chosen embeddings and decodes them. Each item depends on (seed, its position, its embedding)
 * only, not on the batches it was made in.
 *
 * @param chosen  rows to use. Default: classes in turn
 * @throws OAL-C202 for an unknown sampler or a number of steps the schedule does not have
 */
export async function synthesize(
  engine: Engine,
  model: LatentDiffusion,
  conditions: ConditionSet,
  options: SynthesisOptions,
  onProgress?: (done: number, total: number) => void,
  chosen?: Int32Array,
): Promise<SynthesisResult> {
  const { seed, steps, guidance } = options;
  const sampler = samplers.find(options.sampler);
  const sources = chosen ?? classesInTurn(conditions.labels, options.count, seed, "synthesis/choice");
  const count = sources.length;
  const size = model.latentShape.reduce((product, side) => product * side, 1);
  const rows = guidance === 1 ? model.denoiserBatch : Math.max(1, model.denoiserBatch >> 1);
  const grid = gridOf(model.schedule, uniformTimesteps(steps, model.schedule.betas.length));
  const shape = [rows, ...model.latentShape];
  const prediction = model.prediction;
  const run = await prepareSampler(engine, {
    sampler,
    grid,
    options: optionsIn(sampler, options),
    shape,
    guidance,
    prediction,
  });
  const unconditional = guidance === 1 ? null : await model.condition(null, rows);
  const startNoise = new Random(seed, "synthesis/start");
  const freshNoise = new Random(seed, "synthesis/fresh");
  const latents = new Float32Array(count * size);
  try {
    for (let begin = 0; begin < count; begin += rows) {
      // The last batch is filled up with its own last item.
      const items = Array.from({ length: rows }, (_, i) => Math.min(begin + i, count - 1));
      const gathered = new Float32Array(rows * conditions.dimension);
      items.forEach((item, i) => {
        const at = (sources[item] ?? 0) * conditions.dimension;
        gathered.set(conditions.embeddings.subarray(at, at + conditions.dimension), i * conditions.dimension);
      });
      const states = joined(unconditional, await model.condition(gathered, rows));
      const draw = (random: Random, step: (item: number) => number): Float32Array => {
        const noise = new Float32Array(rows * size);
        items.forEach((item, i) =>
          random.normals(step(item), size, noise.subarray(i * size, (i + 1) * size)),
        );
        return noise;
      };
      const end = await run.run(
        draw(startNoise, (item) => item),
        async (latent, time) => {
          const values = float32Data(latent);
          const output = float32Data(
            await model.predict(unconditional ? joined(values, values) : values, time, states),
          );
          const half = rows * size;
          const conditional = float32Tensor(shape, unconditional ? output.subarray(half, 2 * half) : output);
          const predictions: Predictions = { conditional };
          return unconditional
            ? { conditional, unconditional: float32Tensor(shape, output.subarray(0, half)) }
            : predictions;
        },
        (step) => draw(freshNoise, (item) => item * grid.timesteps.length + step),
      );
      latents.set(end.subarray(0, Math.min(rows, count - begin) * size), begin * size);
      onProgress?.(Math.min(count, begin + rows), count);
    }
  } finally {
    await run.release();
  }
  return {
    count,
    latentShape: model.latentShape,
    imageSize: model.imageSize,
    latents,
    images: await model.decode(latents, count),
    labels: sources.map((row) => conditions.labels[row] ?? -1),
    sources,
    seed,
  };
}

function joined(first: Float32Array | null, second: Float32Array): Float32Array {
  if (!first) return second;
  const both = new Float32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
