/** Statistics of batch normalisation: of images and outliers together, or of each by themselves. */
import { float32Data, float32Tensor, Graph, reduceMean, uint8Tensor, type Tensor } from "oal-core";
import { expect, it } from "vitest";
import { TrainingContext } from "../nn/context.js";
import { initializeParameters } from "../nn/parameters.js";
import { runOnce } from "../testing/engine.js";
import { classifierLoss } from "./classifier.js";
import { defineMethod, type TrainingMethod } from "./methods/method.js";
import { exposureMethod } from "./methods/exposure.js";
import { z } from "zod";

const [classes, side] = [2, 8];
const network = { id: "resnetSmall", options: { classes, imageSize: side, width: 4, blocks: 1 } };
const pixels = (count: number, level: number): Tensor =>
  uint8Tensor(
    [count, 3, side, side],
    Uint8Array.from({ length: count * 3 * side * side }, (_, i) => (level + ((i * 37) % 60)) % 256),
  );
const images = pixels(4, 20);
const [dark, bright] = [pixels(3, 0), pixels(3, 180)];

/** Shows outliers and says how the network answers to images and outliers. */
const looking = (apart: boolean): TrainingMethod => ({
  ...defineMethod({
    id: "looking",
    title: "for a test",
    source: "this test",
    section: "looking",
    schema: z.strictObject({}),
    terms: { image: { title: "mean logit", weight: 1 }, outlier: { title: "mean logit", weight: 1 } },
    needs: () => ["outlierImages"],
    shows: () => ["outlierImages"],
    build: ({ logits, shown }) => ({
      image: first(logits),
      outlier: first(shown("outlierImages").logits),
    }),
  }),
  ...(apart ? { apart: () => ["outlierImages"] } : {}),
});
const alone = defineMethod({
  id: "alone",
  title: "for a test",
  source: "this test",
  section: "looking",
  schema: z.strictObject({}),
  terms: { image: { title: "mean logit", weight: 1 } },
  build: ({ logits }) => ({ image: first(logits) }),
});
const first = (logits: Parameters<typeof reduceMean>[0]) => reduceMean(logits, [0, 1]);

/** The terms and the new running statistics of a step. */
async function step(method: TrainingMethod, outliers: Tensor | null, known = images) {
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const count = known.shape[0] ?? 0;
  const feeds: Record<string, Tensor> = {
    images: known,
    labels: float32Tensor([count, classes], new Float32Array(count * classes)),
    ...(outliers ? { outlierImages: outliers } : {}),
  };
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [name, graph.input(name, tensor)]),
  );
  const { terms } = classifierLoss(context, inputs, {
    network,
    normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    methods: [{ method, weight: 1 }],
    settings: {},
    sideNetworks: [],
  });
  for (const [name, value] of Object.entries(terms)) graph.output(name, value);
  for (const [name, value] of context.bufferUpdates) graph.output(`next/${name}`, value);
  const state = Object.fromEntries(initializeParameters(context.specs, 1));
  const found = await runOnce(graph, { ...feeds, ...state });
  const of = (name: string): number[] => (found[name] ? Array.from(float32Data(found[name])) : []);
  return {
    image: of("image"),
    outlier: of("outlier"),
    running: [...context.bufferUpdates.keys()].map((name) => of(`next/${name}`)),
  };
}

it("are those of the images alone where outliers are apart, and outliers have their own", async () => {
  const [bare, withDark, withBright] = [
    await step(alone, null),
    await step(looking(true), dark),
    await step(looking(true), bright),
  ];
  expect(bare.running.length).toBeGreaterThan(0);
  expect(withDark.running).toEqual(bare.running);
  expect(withDark.image).toEqual(bare.image);
  expect(withBright.image).toEqual(bare.image);
  // what a network says that is trained on them alone
  expect(withDark.outlier).toEqual((await step(alone, null, dark)).image);
});

it("are shared where they are not apart", async () => {
  const [bare, withDark, withBright] = [
    await step(alone, null),
    await step(looking(false), dark),
    await step(looking(false), bright),
  ];
  expect(withDark.running).not.toEqual(bare.running);
  expect(withBright.image).not.toEqual(withDark.image);
});

it("are apart where the exposure says so, and only while it shows pictures", () => {
  const apart = (exposure: Readonly<Record<string, unknown>>) => exposureMethod.apart?.({ exposure });
  expect(apart({})).toEqual([]);
  expect(apart({ statistics: "own" })).toEqual(["outlierImages"]);
  expect(apart({ statistics: "own", uniformWeight: 0, distillWeight: 0 })).toEqual([]);
});
