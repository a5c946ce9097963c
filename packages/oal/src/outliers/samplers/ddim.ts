/** DDIM, deterministic or with a share of fresh noise. */
import { add, mul } from "oal-core";
import { z } from "zod";
import { real } from "../../fields.js";
import { coefficientAt, defineSampler } from "./sampler.js";

/**
 * From ᾱ to the next lower level ᾱ': x0 = (x - √(1-ᾱ) e)/√ᾱ, σ = η √((1-ᾱ')/(1-ᾱ) (1-ᾱ/ᾱ')),
 * x' = √ᾱ' x0 + √(1-ᾱ'-σ²) e + σ noise. Written as sums of x, e and noise, so that nothing cancels.
 */
export const ddim = defineSampler({
  id: "ddim",
  title: "DDIM",
  source: "Song, Meng, Ermon 2021, Denoising Diffusion Implicit Models, equations 12 and 16",
  schema: z.strictObject({ eta: real(0, 0, 1, "share of fresh noise: 0 deterministic, 1 ancestral") }),
  coefficientNames: ["dataFromLatent", "dataFromNoise", "nextFromLatent", "nextFromNoise", "sigma"],
  usesNoise: ({ eta }) => eta > 0,
  coefficients: (grid, { eta }) =>
    Array.from(grid.timesteps, (_, i) => {
      const level = grid.alphaBar[i] ?? 1;
      const next = grid.alphaBar[i + 1] ?? 1;
      const sigma = eta * Math.sqrt(((1 - next) / (1 - level)) * (1 - level / next));
      const scale = Math.sqrt(next / level);
      const direction = Math.sqrt(Math.max(0, 1 - next - sigma * sigma));
      return [
        1 / Math.sqrt(level),
        -Math.sqrt((1 - level) / level),
        scale,
        direction - scale * Math.sqrt(1 - level),
        sigma,
      ];
    }),
  update: (inputs) => {
    const { latent, noisePrediction, noise } = inputs;
    const c = (index: number) => coefficientAt(inputs, index);
    const dataPrediction = add(mul(latent, c(0)), mul(noisePrediction, c(1)));
    const next = add(add(mul(latent, c(2)), mul(noisePrediction, c(3))), mul(noise, c(4)));
    return { latent: next, dataPrediction };
  },
});
