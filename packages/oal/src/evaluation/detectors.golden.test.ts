/** Detector scores through the engine against the reference values of folder `detectors`, for every detector of the registry. */
import { auroc, detectors } from "oal-core";
import { describe, expect, it } from "vitest";
import { expectClose, loadManifest, type GoldenCase } from "../testing/golden.js";
import { fitDetector, fitGround } from "./fit.js";
import { outputsInMemory, predictions, type OutputSet } from "./outputs.js";
import type { SetGroup } from "./result.js";
import { scoreSets } from "./score.js";
import { testEngine } from "../testing/engine.js";

const manifest = loadManifest("detectors");
const registered = detectors.ids;
/** The reference's parameter names where ours are spelled out. */
const parameterNames: Readonly<Record<string, string>> = { K: "neighbours" };

function floats(golden: GoldenCase, name: string): Float32Array {
  return Float32Array.from<number | bigint>(golden.tensor(name).data, Number);
}

/** logits = W f + b, sums in double precision. */
function outputSet(golden: GoldenCase, tensor: string, group: SetGroup): OutputSet {
  const [classes = 0, size = 0] = golden.entry("W").shape;
  const [weight, bias, features] = [floats(golden, "W"), floats(golden, "b"), floats(golden, tensor)];
  const count = features.length / size;
  const logits = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < classes; c++) {
      let sum = bias[c] ?? 0;
      for (let j = 0; j < size; j++) sum += (weight[c * size + j] ?? 0) * (features[i * size + j] ?? 0);
      logits[i * classes + c] = sum;
    }
  }
  const ids = Array.from({ length: count }, (_, i) => String(i));
  const set = { name: tensor, group, labels: new Int32Array(count), ids, logits, features };
  return outputsInMemory(set, { classes, featureSize: size });
}

async function confidences(
  golden: GoldenCase,
  parameters: Readonly<Record<string, unknown>>,
  sets: readonly OutputSet[],
): Promise<ArrayLike<number>[]> {
  const id = String(golden.hyper["detector"]);
  const train = golden.has("train_features") ? [outputSet(golden, "train_features", "train")] : [];
  const asked = { detector: detectors.find(id), parameters };
  const ground = await fitGround(testEngine, [...train, ...sets], undefined, [asked]);
  const outcome = await fitDetector(asked, ground);
  if ("reason" in outcome) throw outcome.reason;
  return scoreSets(outcome.fitted, sets, { engine: testEngine });
}

describe.skipIf(manifest === null)("detectors agree with the reference", () => {
  const cases = (manifest?.cases ?? []).filter((golden) =>
    registered.includes(String(golden.hyper["detector"])),
  );
  const scored = cases.filter((golden) => golden.has("conf_id"));
  it.each(scored.map((golden): [string, GoldenCase] => [golden.id, golden]))("%s", async (_, golden) => {
    const { detector: _detector, ...hyper } = golden.hyper;
    const parameters = Object.fromEntries(
      Object.entries(hyper).map(([name, value]) => [parameterNames[name] ?? name, value]),
    );
    const sets = [outputSet(golden, "id_features", "test"), outputSet(golden, "ood_features", "far")];
    const [id, ood] = await confidences(golden, parameters, sets);
    expectClose(id ?? [], golden.entry("conf_id"));
    expectClose(ood ?? [], golden.entry("conf_ood"));
    sets.forEach((set, k) => {
      const name = k === 0 ? "pred_id" : "pred_ood";
      if (golden.has(name)) expectClose(predictions(set.logits), golden.entry(name));
    });
  });

  const searched = cases.filter((golden) => golden.has("val_auroc"));
  it.each(searched.map((golden): [string, GoldenCase] => [golden.id, golden]))("%s", async (_, golden) => {
    const sweep = Object.keys(Object(golden.hyper["sweep"])).map((name) => name.replace(/_list$/, ""));
    const grid: unknown[] = Array.isArray(golden.hyper["grid"]) ? golden.hyper["grid"] : [];
    const sets = [outputSet(golden, "val_features", "test"), outputSet(golden, "val_ood_features", "far")];
    const found: number[] = [];
    for (const point of grid) {
      const values: unknown[] = Array.isArray(point) ? point : [];
      const parameters = Object.fromEntries(
        sweep.map((name, i) => [parameterNames[name] ?? name, values[i]]),
      );
      const [id, ood] = await confidences(golden, parameters, sets);
      found.push(auroc(id ?? [], ood ?? []));
    }
    expectClose(found, golden.entry("val_auroc"));
    expect(found.indexOf(Math.max(...found))).toBe(Number(golden.tensor("chosen_first_maximum").data[0]));
  });
});
