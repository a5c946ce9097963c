/**
 * Recipes that need nothing but pictures train, with the numbers of the embedded preset: four drawn digits at half their size, 200 steps;
 * npos at their whole size, as it needs larger pictures.
 * docs/training-methods.md has the whole set.
 */
import { accuracy, memoryRows } from "oal-core";
import { expect, it } from "vitest";
import { digitNames, makeDigits } from "../../data/embedded/digits.js";
import { memoryImageSet, type ImageSet } from "../../data/imageSet.js";
import { predictions } from "../../evaluation/outputs.js";
import { parametersUnder } from "../../nn/parameters.js";
import { loadConfiguration } from "../../pipeline/configuration/index.js";
import { planRecipe } from "../../pipeline/recipeNeeds.js";
import { testEngine } from "../../testing/engine.js";
import { classifierTask } from "../classifier.js";
import { finishedHeads, networkPrefix } from "../network.js";
import { Predictor } from "../predict.js";
import { train } from "../trainer.js";

const [classes, drawn] = [4, 32];
const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;

/** What a recipe is tried on. */
interface Trial {
  readonly side: number;
  readonly steps: number;
  readonly known: ImageSet;
  readonly seen: ImageSet;
}

/** The first digits of a drawn split, each pixel the mean of those that it stands for. */
function digits(split: "train" | "test", count: number, side: number): ImageSet {
  const step = drawn / side;
  const { pixels, labels } = makeDigits(split, count, 1);
  const kept = [...labels.keys()].filter((i) => (labels[i] ?? 0) < classes);
  const small = kept.map((i) =>
    Uint8Array.from({ length: 3 * side * side }, (_, at) => {
      const [plane, y, x] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side];
      const from = (3 * i + plane) * drawn ** 2 + step * (y * drawn + x);
      const levels = Array.from(
        { length: step ** 2 },
        (_, k) => pixels[from + Math.floor(k / step) * drawn + (k % step)] ?? 0,
      );
      return Math.round(levels.reduce((sum, level) => sum + level, 0) / step ** 2);
    }),
  );
  const bytes = new Uint8Array(small.length * 3 * side * side);
  small.forEach((picture, i) => bytes.set(picture, i * picture.length));
  const own = Int32Array.from(kept, (i) => labels[i] ?? 0);
  return memoryImageSet(split, bytes, own, digitNames.slice(0, classes));
}

const trialOf = (side: number, steps: number): Trial => ({
  side,
  steps,
  known: digits("train", 7500, side),
  seen: digits("test", 2000, side),
});
const small = trialOf(16, 200);

async function accuracyOf(recipe: string, { side, steps, known, seen }: Trial = small): Promise<number> {
  const network = { id: "airbench", options: { classes, imageSize: side, widths: [8, 16, 32] } };
  const { methods, settings } = planRecipe(recipe, loadConfiguration("embedded"));
  const task = classifierTask(
    {
      seed: 1,
      batchSize: 64,
      network,
      normalisation,
      augmentation: { flip: "none", crop: { padding: 1, mode: "reflect" } },
      methods,
      settings,
    },
    known,
  );
  const { parameters } = await train(testEngine, task, {
    name: recipe,
    seed: 1,
    steps,
    optimizer: { id: "sgd", momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
    schedule: { id: "triangular", rate: 0.2, warmup: 0.2, minFactor: 0.02 },
    groupRates: Object.assign({}, ...methods.map(({ method }) => method.rates(settings))),
  });
  const heads = finishedHeads(
    methods.map(({ method }) => method),
    settings,
  );
  const predictor = await Predictor.create(
    testEngine,
    {
      network: { ...network, ...(heads.length > 0 ? { heads } : {}) },
      parameters: parametersUnder(parameters, networkPrefix),
      normalisation,
    },
    { batchSize: 250 },
  );
  const { logits } = await predictor.predict(seen);
  await predictor.release();
  return accuracy(predictions(memoryRows(logits, classes)), seen.labels);
}

const plain = await accuracyOf("ce");
const chance = 1 / classes;

it("cross-entropy tells them", () => {
  expect(plain).toBeGreaterThan(0.75);
});

// measured beside 0.84 of cross-entropy; those that reshape the features come later than it does
it.each([
  ["rotpred", 0.9],
  ["t2fnorm", 0.7],
  ["pixmix", 0.7],
  ["regmixup", 0.9],
  ["vos", 0.9],
  ["logitnorm", 0.2],
  ["cider", 0.4],
  ["godin", 0.3],
  ["confbranch", 0.3],
] as const)("%s trains: at least %d of what cross-entropy gains over chance", async (recipe, share) => {
  expect(await accuracyOf(recipe)).toBeGreaterThan(chance + share * (plain - chance));
});

it("npos trains on larger pictures: at least half of what cross-entropy gains over chance on the small ones", async () => {
  expect(await accuracyOf("npos", trialOf(drawn, 300))).toBeGreaterThan(chance + 0.5 * (plain - chance));
});
