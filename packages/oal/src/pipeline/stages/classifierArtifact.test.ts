import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import {
  exposeTaps,
  float32Tensor,
  Graph,
  normaliseImages,
  OalError,
  Random,
  sizeOf,
  writeModel,
} from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { TrainingContext } from "../../nn/context.js";
import { networks } from "../../nn/networks/index.js";
import { initializeParameters, withPrefix, type ParameterStore } from "../../nn/parameters.js";
import { type NetworkChoice, networkPrefix } from "../../training/network.js";
import { buildClassifier } from "../../training/model.js";
import { Predictor } from "../../training/predict.js";
import { classifierFiles, loadClassifier, saveClassifier } from "./classifierArtifact.js";
import { testEngine } from "../../testing/engine.js";

const root = mkdtempSync(join(tmpdir(), "oal-classifier-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const size = 32;
const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] } as const;
const classNames = ["cat", "dog", "emu"];
const random = new Random(2, "test/export");

/** Parameters as a training leaves them: nothing at its first value, statistics as of real data. */
function parametersOf({ id, options }: NetworkChoice): ParameterStore {
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const images = graph.input("images", { dtype: "uint8", shape: [2, 3, size, size] });
  networks.find(id).build(context, normaliseImages(images, normalisation), options);
  const parameters = initializeParameters(context.specs, 4);
  for (const { name, shape, kind } of context.specs) {
    const start = parameters.get(name);
    if (!start || !(start.data instanceof Float32Array)) continue;
    const shift = random.derive(name).uniforms(0, sizeOf(shape));
    const moved = start.data.map((value, i) => value + (kind === "buffer" ? 0.3 : 0.05) * (shift[i] ?? 0));
    parameters.set(name, float32Tensor(shape, moved));
  }
  return parameters;
}

const choices: readonly NetworkChoice[] = [
  { id: "resnetSmall", options: { classes: 3, imageSize: size, width: 4, blocks: 1 } },
  { id: "airbench", options: { classes: 3, imageSize: size, widths: [8, 8, 8] } },
  { id: "resnet18_32x32", options: { classes: 3, imageSize: size, width: 4 } },
];

describe("a saved classifier", () => {
  it.each(choices)("a plain onnxruntime session computes what the Predictor does: $id", async (network) => {
    const folder = mkdtempSync(join(root, "model-"));
    const trained = withPrefix(parametersOf(network), networkPrefix);
    await saveClassifier(folder, trained, { network, normalisation, classNames });
    const model = await loadClassifier(folder);
    expect([model.network, model.classNames, model.normalisation]).toEqual([
      network,
      classNames,
      normalisation,
    ]);
    const count = 7;
    const pixels = Uint8Array.from(random.uniforms(1, count * 3 * size * size), (u) => u * 256);
    const row = 3 * size * size;
    const read = (start: number, end: number): Uint8Array => pixels.subarray(start * row, end * row);
    const predictor = await Predictor.create(testEngine, model, { batchSize: 4 });
    const expected = await predictor.predictPixels(count, size, read);
    await predictor.release();
    const graph = exposeTaps(buildClassifier(model, "batch"), ["logits", "features"]);
    const session = await InferenceSession.create(writeModel(graph), { logSeverityLevel: 3 });
    for (const batch of [1, 3, 7]) {
      const images = new OrtTensor("uint8", read(0, batch), [batch, 3, size, size]);
      const { logits, features } = await session.run({ images });
      for (const [got, wanted, width] of [
        [logits, expected.logits, 3],
        [features, expected.features, expected.featureWidth],
      ] as const) {
        expect(got?.dims).toEqual([batch, width]);
        const values = got?.data;
        if (!(values instanceof Float32Array)) throw new Error("no float32");
        const worst = values.reduce((most, value, i) => {
          const want = wanted[i] ?? Number.NaN;
          return Math.max(most, Math.abs(value - want) / Math.max(1, Math.abs(want)));
        }, 0);
        expect(worst).toBeLessThan(1e-5);
      }
    }
    await session.release();
  });

  it("says which file of it is damaged", async () => {
    const folder = mkdtempSync(join(root, "damaged-"));
    const [network] = choices;
    if (!network) return;
    const trained = withPrefix(parametersOf(network), networkPrefix);
    await saveClassifier(folder, trained, { network, normalisation, classNames });
    const load = async (): Promise<string> => {
      const error: unknown = await loadClassifier(folder).catch((reason: unknown) => reason);
      return error instanceof OalError ? `${error.code} ${error.message}` : String(error);
    };
    const parameters = join(folder, classifierFiles.parameters);
    const bytes = readFileSync(parameters);
    truncateSync(parameters, 500);
    expect(await load()).toContain(`OAL-I103 ${parameters}`);
    writeFileSync(parameters, bytes);
    writeFileSync(join(folder, classifierFiles.description), '{"network": 1');
    expect(await load()).toContain(`OAL-I103 ${join(folder, classifierFiles.description)}`);
  });
});
