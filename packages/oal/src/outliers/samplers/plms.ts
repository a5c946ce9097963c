/** PLMS: DDIM's step with a linear multistep prediction of the noise. */
import { add, mul, type Value } from "oal-core";
import { z } from "zod";
import { coefficientAt, defineSampler } from "./sampler.js";

/** Weights of the noise predictions of this step and the three before it (Adams-Bashforth), by how many there are. */
const combinations: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/**
 * The deterministic DDIM step with e replaced by: (e + e~)/2 in the first step, e~ being predicted at the end of a plain step with e
 * (at the last time where there is no next), so that the first step asks twice; then (3e - e1)/2, (23e - 16e1 + 5e2)/12 and
 * (55e - 59e1 + 37e2 - 9e3)/24, e1 the previous step's e as it was predicted. The sampler that the published latents were made with.
 */
export const plms = defineSampler({
  id: "plms",
  title: "PLMS",
  source:
    "Liu et al. 2022, Pseudo Numerical Methods for Diffusion Models on Manifolds, equations 9, 12 and 13",
  schema: z.strictObject({}),
  coefficientNames: [
    "dataFromLatent",
    "dataFromNoise",
    "nextFromLatent",
    "nextFromNoise",
    "weight0",
    "weight1",
    "weight2",
    "weight3",
    "fromStart",
    "remembers",
  ],
  stateNames: ["start", "noise1", "noise2", "noise3"],
  usesNoise: () => false,
  evaluations: ({ timesteps }) => [
    { step: 0, at: 0, completes: false },
    { step: 0, at: Math.min(1, timesteps.length - 1), completes: true },
    ...Array.from(timesteps.subarray(1), (_, i) => ({ step: i + 1, at: i + 1, completes: true })),
  ],
  coefficients: (grid) => {
    const row = (
      step: number,
      weights: readonly number[],
      fromStart: number,
      remembers: number,
    ): number[] => {
      const level = grid.alphaBar[step] ?? 1;
      const next = grid.alphaBar[step + 1] ?? 1;
      const scale = Math.sqrt(next / level);
      return [
        1 / Math.sqrt(level),
        -Math.sqrt((1 - level) / level),
        scale,
        Math.sqrt(1 - next) - scale * Math.sqrt(1 - level),
        ...[0, 1, 2, 3].map((i) => weights[i] ?? 0),
        fromStart,
        remembers,
      ];
    };
    return [
      row(0, [1], 0, 1),
      row(0, [1 / 2, 1 / 2], 1, 0),
      ...Array.from(grid.timesteps.subarray(1), (_, i) =>
        row(i + 1, combinations[Math.min(i + 1, 3)] ?? [1], 0, 1),
      ),
    ];
  },
  update: (inputs) => {
    const { latent, noisePrediction, state } = inputs;
    const c = (index: number): Value => coefficientAt(inputs, index);
    const [start = latent, e1 = latent, e2 = latent, e3 = latent] = state;
    /** One of two values, by a coefficient that is 0 or 1. */
    const either = (one: Value, choice: Value, other: Value): Value =>
      add(mul(one, choice), mul(other, add(mul(choice, -1), 1)));
    const from = either(start, c(8), latent);
    const noise = [noisePrediction, e1, e2, e3]
      .map((e, i) => mul(e, c(4 + i)))
      .reduce((sum, term) => add(sum, term));
    return {
      latent: add(mul(from, c(2)), mul(noise, c(3))),
      dataPrediction: add(mul(from, c(0)), mul(noise, c(1))),
      state: [from, either(noisePrediction, c(9), e1), either(e1, c(9), e2), either(e2, c(9), e3)],
    };
  },
});
