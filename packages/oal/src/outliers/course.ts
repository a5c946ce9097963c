/** What a source changes in how latents are made: what they start from, what guidance starts from, and where steps are steered to. */
import { add, Graph, mul, float32Data, float32Tensor, oalError, type Engine } from "oal-core";
import type { ConditionSet } from "./synthesis.js";
import type { Steer } from "./samplers/drive.js";
import { gridOf, uniformTimesteps, type NoiseSchedule, type SamplingGrid } from "./samplers/schedule.js";

/** Clean latents that are noised and denoised, in place of noise alone. */
export interface CourseStart {
  /** Scaled latents, one per latent that is made, [count, ...latentShape]. */
  readonly latents: Float32Array;
  /** Share of the schedule's times that is gone back: 1 is noise alone. */
  readonly share: number;
}

/** How the latents of a source are made. Everything is by position: latent i is made from row `chosen[i]` of the conditions. */
export interface Course {
  readonly conditions: ConditionSet;
  /** Rows of the conditions, one per latent. */
  readonly chosen: Int32Array;
  /** A second class that each latent was made of: that of the picture it starts from, of the other embedding. */
  readonly others?: Int32Array;
  /** Absent: noise. */
  readonly start?: CourseStart;
  /** Embeddings that guidance starts from, one row per latent. Absent: no condition. */
  readonly against?: Pick<Course, "conditions" | "chosen">;
  /** Weight of guidance. Absent: that of the options. */
  readonly guidance?: number;
  /** Absent: guidance without a classifier. */
  readonly steer?: Steer;
}

/**
 * Times from a share of the schedule down to 1, evenly spaced and rounded: as many as there are steps, or all of them where they are
 * fewer. Of a whole schedule the uniform times of all samplers here.
 */
export function courseGrid(schedule: NoiseSchedule, steps: number, share = 1): SamplingGrid {
  const total = schedule.betas.length;
  if (share === 1) return gridOf(schedule, uniformTimesteps(steps, total));
  const last = Math.max(1, Math.round(share * total) - 1);
  const count = Math.min(steps, last);
  const apart = (last - 1) / Math.max(1, count - 1);
  return gridOf(
    schedule,
    Array.from({ length: count }, (_, i) => (count === 1 ? last : 1 + Math.round(i * apart))),
  );
}

/** What batches start from. */
export interface Starter {
  /** @param items positions of the latents @param noise standard normal, as many rows */
  latents(items: readonly number[], noise: Float32Array): Promise<Float32Array>;
  release(): Promise<void>;
}

/**
 * Starts from x = √ᾱ z + √(1−ᾱ) e of clean latents z and noise e, as a graph; without a start from the noise itself.
 *
 * @param shape of a batch
 * @param level ᾱ at the first time
 */
export async function openStart(
  engine: Engine,
  start: CourseStart | undefined,
  shape: readonly number[],
  level: number,
): Promise<Starter> {
  if (start === undefined)
    return { latents: (_, noise) => Promise.resolve(noise), release: () => Promise.resolve() };
  const graph = new Graph();
  const clean = graph.input("clean", { dtype: "float32", shape });
  const noise = graph.input("noise", { dtype: "float32", shape });
  graph.output("noised", add(mul(clean, Math.sqrt(level)), mul(noise, Math.sqrt(1 - level))));
  const session = await engine.compile(graph);
  return {
    latents: async (items, drawn) => {
      const size = drawn.length / items.length;
      const own = new Float32Array(drawn.length);
      items.forEach((item, i) => own.set(start.latents.subarray(item * size, (item + 1) * size), i * size));
      const feeds = { clean: float32Tensor(shape, own), noise: float32Tensor(shape, drawn) };
      const { noised } = await session.run(feeds);
      if (!noised) throw oalError("OAL-X101", { problem: "the noising graph gave nothing" });
      return float32Data(noised);
    },
    release: () => session.release(),
  };
}
