/** DPM-Solver++(2M): second-order multistep in the data prediction. */
import { add, mul } from "oal-core";
import { z } from "zod";
import { coefficientAt, defineSampler } from "./sampler.js";
import { halfLogSnr } from "./schedule.js";

/**
 * α = √ᾱ, σ = √(1-ᾱ), λ = ln(α/σ), h = λ' - λ, x0 = (x - σ e)/α. First step (and, with `lowerOrderFinal`, the last) D = x0;
 * else r = h_previous / h, D = (1 + 1/(2r)) x0 - 1/(2r) x0_previous. Then x' = (σ'/σ) x - α' (exp(-h) - 1) D.
 */
export const dpmSolver2m = defineSampler({
  id: "dpmSolver2m",
  title: "DPM-Solver++(2M)",
  source: "Lu et al. 2022, DPM-Solver++, algorithm 2 (multistep, data prediction)",
  schema: z.strictObject({
    lowerOrderFinal: z
      .union([z.boolean(), z.literal("auto")])
      .default("auto")
      .describe('first order in the last step; "auto": with fewer than 15 steps'),
  }),
  coefficientNames: ["dataFromLatent", "dataFromNoise", "nextFromLatent", "nextFromData", "nextFromPrevious"],
  usesNoise: () => false,
  coefficients: (grid, { lowerOrderFinal }) => {
    const lastIsFirstOrder = lowerOrderFinal === "auto" ? grid.timesteps.length < 15 : lowerOrderFinal;
    const lambda = grid.alphaBar.map(halfLogSnr);
    const last = grid.timesteps.length - 1;
    return Array.from(grid.timesteps, (_, i) => {
      const level = grid.alphaBar[i] ?? 1;
      const next = grid.alphaBar[i + 1] ?? 1;
      const h = (lambda[i + 1] ?? 0) - (lambda[i] ?? 0);
      const firstOrder = i === 0 || (lastIsFirstOrder && i === last);
      const back = firstOrder ? 0 : h / (2 * ((lambda[i] ?? 0) - (lambda[i - 1] ?? 0)));
      const gain = -Math.sqrt(next) * Math.expm1(-h);
      return [
        1 / Math.sqrt(level),
        -Math.sqrt((1 - level) / level),
        Math.sqrt((1 - next) / (1 - level)),
        gain * (1 + back),
        -gain * back,
      ];
    });
  },
  update: (inputs) => {
    const { latent, noisePrediction, previous } = inputs;
    const c = (index: number) => coefficientAt(inputs, index);
    const dataPrediction = add(mul(latent, c(0)), mul(noisePrediction, c(1)));
    const next = add(add(mul(latent, c(2)), mul(dataPrediction, c(3))), mul(previous, c(4)));
    return { latent: next, dataPrediction };
  },
});
