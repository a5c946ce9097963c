/** A model file as a run leaves it for `oal score`, made in no time: a small network with its first, drawn weights. */
import { detectors, Graph, makeDecision, Random, uint8Tensor } from "oal-core";
import { writeBundle, type Preprocessing } from "../../packages/oal/src/bundle/index.js";
import { TrainingContext } from "../../packages/oal/src/nn/context.js";
import { networks } from "../../packages/oal/src/nn/networks/index.js";
import { initializeParameters } from "../../packages/oal/src/nn/parameters.js";
import { testEngine } from "../../packages/oal/src/testing/engine.js";
import { buildClassifier } from "../../packages/oal/src/training/model.js";

const size = 16;

/**
 * Writes the file.
 *
 * @param path ends in .onnx
 * @param classNames two or more
 * @param rule how pictures become images, where it is not the usual
 * @param others other cuts than that of the calibration, of a question, and of every class; notes
 */
export async function untrainedModel(
  path: string,
  classNames: readonly string[],
  rule: Partial<Preprocessing> = {},
  others: {
    readonly ask?: number;
    readonly perClass?: number;
    readonly notes?: Readonly<Record<string, string>>;
  } = {},
): Promise<void> {
  const network = {
    id: "resnetSmall",
    options: { classes: classNames.length, imageSize: size, width: 4 },
  };
  const context = new TrainingContext(new Graph());
  const declared = context.graph.input("images", { dtype: "float32", shape: [1, 3, size, size] });
  networks.find(network.id).build(context, declared, network.options);
  const parameters = initializeParameters(context.specs, 0);
  const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;
  const { ask, perClass, notes = {} } = others;
  const decision = makeDecision([0, 0.5, 0.6, 0.7], { detector: "msp", target: 1 });
  const contents = {
    classifier: buildClassifier({ network, parameters, normalisation }, "batch"),
    version: "0.1.0",
    name: "untrained",
    preprocessing: {
      resize: size,
      crop: size,
      interpolation: "bilinear" as const,
      orientation: "ignore" as const,
      maxPixels: 10_000_000,
      mean: [0.5, 0.5, 0.5] satisfies Preprocessing["mean"],
      std: [0.25, 0.25, 0.25] satisfies Preprocessing["std"],
      ...rule,
    },
    classNames,
    decides: "msp",
    detectors: [
      {
        fitted: { detector: detectors.find("msp"), parameters: {}, fitted: { tensors: {}, bank: null } },
        decision: {
          ...decision,
          cuts: { ...decision.cuts, ...(ask === undefined ? {} : { ask }) },
          ...(perClass === undefined ? {} : { perClass: classNames.map(() => ({ unknown: perClass })) }),
        },
      },
    ],
    ingredients: [],
    notes,
  };
  const pixels = Uint8Array.from(new Random(0, "untrained").uniforms(0, 2 * 3 * size * size), (u) => 256 * u);
  const images = uint8Tensor([2, 3, size, size], pixels);
  await writeBundle(path, contents, { engine: testEngine, images, expected: {} });
}
