/** A teacher that wants pictures of another size and normalisation than the student's: it says what it says of them on its own. */
import { float32Data, Graph, normaliseImages, Random, uint8Tensor } from "oal-core";
import { expect, it } from "vitest";
import { memoryImageSet } from "../../data/imageSet.js";
import { TrainingContext } from "../../nn/context.js";
import { networks } from "../../nn/networks/index.js";
import { initializeParameters } from "../../nn/parameters.js";
import { testEngine } from "../../testing/engine.js";
import { Predictor } from "../predict.js";
import { teacherInside } from "./teacher.js";

const network = { id: "resnetSmall", options: { classes: 3, imageSize: 32, width: 4, blocks: 1 } };
const own = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.25] } as const;
const students = { mean: [0.5, 0.45, 0.4], std: [0.25, 0.2, 0.3] } as const;

it.each([16, 32])("sees pictures of %i pixels as its own preprocessing makes them", async (size) => {
  const context = new TrainingContext(new Graph());
  const declared = context.graph.input("x", { dtype: "float32", shape: [2, 3, 32, 32] });
  networks.find(network.id).build(context, declared, network.options);
  const parameters = initializeParameters(context.specs, 1);
  const pixels = Uint8Array.from(new Random(2, "pictures").uniforms(0, 4 * 3 * size * size), (u) => 256 * u);
  const pictures = memoryImageSet("pictures", pixels, [0, 1, 2, 0], ["a", "b", "c"]);

  const predictor = await Predictor.create(
    testEngine,
    { network, parameters, normalisation: own },
    { batchSize: 4 },
  );
  const alone = await predictor.predict(pictures);
  await predictor.release();

  const graph = new Graph();
  const images = graph.input("images", { dtype: "uint8", shape: [4, 3, size, size] });
  const names = { logits: "l", features: "f" };
  const side = teacherInside({ network, parameters, normalisation: own }, names, {
    pictures: null,
    normalisation: students,
  });
  for (const [name, value] of Object.entries(side.build(graph, normaliseImages(images, students))))
    graph.output(name, value);
  const session = await testEngine.compile(graph);
  const { l, f } = await session.run({ images: uint8Tensor([4, 3, size, size], pixels) });
  await session.release();
  for (const [found, wanted] of [
    [l, alone.logits],
    [f, alone.features],
  ] as const)
    wanted.forEach((value, i) => expect(found && float32Data(found)[i]).toBeCloseTo(value, 4));
});
