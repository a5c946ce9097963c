// Inference as contestants: a classifier with its weights as constants, as evaluation and exported models have it; and in 8 bits.
import { exposeTaps, Graph, Random, uint8Tensor } from "../../packages/core/dist/index.js";
import { quantise } from "../../packages/oal/dist/exporting/quantise.js";
import { TrainingContext } from "../../packages/oal/dist/nn/context.js";
import { networks } from "../../packages/oal/dist/nn/networks/index.js";
import { initializeParameters } from "../../packages/oal/dist/nn/parameters.js";
import { buildClassifier } from "../../packages/oal/dist/training/model.js";
import { writeArrays } from "../harness/arrays.mjs";
import { normalisation } from "./classifierStep.mjs";
import { engineOf } from "./trainingStep.mjs";

/** The network of the settings with drawn weights, and a batch of random pictures. */
function modelOf({ network: id, options, side, batch, classes }) {
  const choice = { id, options: { classes, imageSize: side, ...options } };
  const context = new TrainingContext(new Graph());
  const declared = context.graph.input("x", { dtype: "float32", shape: [1, 3, side, side] });
  networks.find(id).build(context, declared, choice.options);
  const parameters = initializeParameters(context.specs, 1);
  const pixels = Uint8Array.from(
    new Random(1, "bench/pictures").uniforms(0, batch * 3 * side * side),
    (u) => 256 * u,
  );
  const images = uint8Tensor([batch, 3, side, side], pixels);
  return {
    classifier: buildClassifier({ network: choice, parameters, normalisation }, batch),
    parameters,
    images,
  };
}

/** What the contestants in Python read. */
export async function shareModel(settings, folder) {
  const { parameters, images } = modelOf(settings);
  const named = Object.fromEntries([...parameters].map(([name, tensor]) => [`state/${name}`, tensor]));
  writeArrays(folder, { ...named, "batch/images": images });
}

/** Our contestant: `runs` batches in one timed step. */
export function ourInference({ bits = 32 } = {}) {
  return async (settings) => {
    const engine = await engineOf(settings);
    const { classifier, images } = modelOf(settings);
    let graph = exposeTaps(classifier, ["logits"]);
    if (bits === 8) graph = await quantise(graph, [{ images }], engine);
    const session = await engine.compile(graph);
    const run = () => session.run({ images });
    await run();
    return {
      facts: { "ONNX Runtime": engine.facts.version },
      step: async () => {
        for (let i = 0; i < settings.runs; i++) await run();
      },
      // 8 bits round: that they decide alike is for tests
      ...(bits === 8 ? {} : { check: async () => Array.from((await run()).logits.data.slice(0, 10)) }),
      close: () => session.release(),
    };
  };
}

/** A case of ResNet-18 for 32x32 pictures. */
export function residualInferenceCase({ batch, runs, goals, variant = false }) {
  return {
    variant,
    title: (given) => `inference, ResNet-18 (32x32), batch ${given.batch}`,
    unit: "ms a batch",
    settings: { network: "resnet18_32x32", options: {}, side: 32, classes: 10, batch, runs },
    short: { options: { width: 16 }, runs: 1, batch: Math.min(batch, 8) },
    goals,
    work: ({ runs: count }) => count,
    prepare: shareModel,
    contestants: {
      oal: { make: ourInference() },
      "oal 8-bit": { make: ourInference({ bits: 8 }) },
      "PyTorch NCHW": {
        needs: "torch",
        python: "inference",
        variant: true,
        settings: { channelsLast: false },
      },
      "PyTorch channels-last": { needs: "torch", python: "inference", settings: { channelsLast: true } },
    },
    ratios: () => [
      { of: "PyTorch NCHW", over: "oal" },
      { of: "PyTorch channels-last", over: "oal" },
      { of: "PyTorch NCHW", over: "oal 8-bit" },
      { of: "PyTorch channels-last", over: "oal 8-bit" },
    ],
  };
}
