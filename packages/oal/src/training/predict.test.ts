import { Graph, normaliseImages, Random } from "oal-core";
import { expect, it } from "vitest";
import { memoryImageSet } from "../data/imageSet.js";
import { TrainingContext } from "../nn/context.js";
import { networks } from "../nn/networks/index.js";
import { initializeParameters } from "../nn/parameters.js";
import { Predictor, type Predictions } from "./predict.js";
import { testEngine } from "../testing/engine.js";
import { smallOptions } from "../testing/smallNetworks.js";

const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] } as const;

/** Predictions of 7 pictures of this side in batches of so many. */
async function predicted(id: string, side: number, batchSize: number): Promise<Predictions> {
  const options = { ...smallOptions(networks.find(id)), classes: 3, imageSize: side };
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const images = graph.input("images", { dtype: "uint8", shape: [2, 3, side, side] });
  networks.find(id).build(context, normaliseImages(images, normalisation), options);
  const parameters = initializeParameters(context.specs, 3);
  const pixels = Uint8Array.from(
    new Random(1, "test/pixels").uniforms(0, 7 * 3 * side * side),
    (u) => 256 * u,
  );
  const predictor = await Predictor.create(
    testEngine,
    { network: { id, options }, parameters, normalisation },
    { batchSize },
  );
  try {
    return await predictor.predict(memoryImageSet("set", pixels, new Int32Array(7), ["a", "b", "c"]));
  } finally {
    await predictor.release();
  }
}

it.each(networks.ids)("%s: the batch size leaves no trace in the results", async (id) => {
  const whole = await predicted(id, 36, 64);
  expect(new Set(whole.logits).size).toBeGreaterThan(3);
  for (const batch of [1, 3]) expect(await predicted(id, 36, batch)).toEqual(whole);
});
