/** What a recipe of the configuration becomes: every setting reaches the trainer, nothing is invented. */
import { describe, expect, it } from "vitest";
import { loadConfiguration } from "../configuration/index.js";
import { augmentationOf, batchSizeOf, networkChoice, trainingOptionsOf } from "./context.js";

const configurationOf = (...set: string[]) => loadConfiguration("embedded", { set });
const recipe =
  "student={network: airbench, widths: [8, 16, 24], epochs: 2.5, batchSize: 40, optimiser: sgd, " +
  "learningRate: 0.3, momentum: 0.7, nesterov: false, weightDecay: 0.002, schedule: cosine, warmup: 0.1, minFactor: 0.05, " +
  "clipNorm: 2, ema: 0.98, augmentation: {flip: alternating, padding: 3, paddingMode: reflect, cutout: 5}}";

describe("a recipe", () => {
  const config = configurationOf(recipe, "seed=9", "checkpointSeconds=7");

  it("becomes the options of a training", () => {
    // floor(130 / 40) = 3 steps an epoch, 7.5 in 2.5 epochs.
    expect(trainingOptionsOf("student", config.student, 130, { config }, "kept")).toEqual({
      name: "student",
      seed: 9,
      steps: 8,
      optimizer: { id: "sgd", momentum: 0.7, nesterov: false, dampening: 0, weightDecay: 0.002 },
      schedule: { id: "cosine", rate: 0.3, warmup: 0.1, minFactor: 0.05 },
      clipNorm: 2,
      ema: 0.98,
      checkpointFolder: "kept",
      checkpointSeconds: 7,
    });
  });

  it("becomes network, augmentation and batch", () => {
    expect(networkChoice(config.student, 6, 48)).toMatchObject({
      id: "airbench",
      options: { classes: 6, imageSize: 48, widths: [8, 16, 24], activation: "gelu" },
    });
    const residual = configurationOf("student={network: resnetSmall, width: 12, blocks: 3}");
    expect(networkChoice(residual.student, 6, 48)).toMatchObject({
      id: "resnetSmall",
      options: { classes: 6, imageSize: 48, width: 12, blocks: 3, activation: "relu" },
    });
    expect(augmentationOf(config.student)).toEqual({
      flip: "alternating",
      crop: { padding: 3, mode: "reflect" },
      cutout: 5,
    });
    expect([batchSizeOf(config.student, 130), batchSizeOf(config.student, 7)]).toEqual([40, 7]);
  });

  it("leaves out what is switched off, and trains for one step at least", () => {
    const off =
      "student={network: resnetSmall, epochs: 0.01, clipNorm: 0, ema: 0, augmentation: {flip: none, padding: 0, cutout: 0}}";
    const plain = configurationOf(off);
    const options = trainingOptionsOf("student", plain.student, 50, { config: plain }, "kept");
    expect(options.steps).toBe(1);
    for (const name of ["clipNorm", "ema"]) expect(options).not.toHaveProperty(name);
    expect(augmentationOf(plain.student)).toEqual({ flip: "none" });
  });
});
