/** Detector scores through the engine against the reference values of folder `detectors`, for every detector of the registry. */
import { auroc, detectors, type FitHead, type Tensor } from "oal-core";
import { describe, expect, it } from "vitest";
import { expectClose, loadManifest, type GoldenCase } from "../testing/golden.js";
import { testEngine } from "../testing/engine.js";
import { fitDetector, fitGround } from "./fit.js";
import { outputsInMemory, predictions, type OutputSet } from "./outputs.js";
import type { SetGroup } from "./result.js";
import { scoreSets } from "./score.js";

const manifest = loadManifest("detectors");
const registered = detectors.all.flatMap(({ id, aliases }) => [id, ...aliases]);
/** Detectors that leave the logits as they are, so that the class they call is the model's. */
const untouched = ["msp", "mls", "ebo", "gen", "klm", "mds", "rmds", "knn", "vim", "she", "fdbd", "nci"];
/** The reference's parameter names where ours are spelled out, by detector or for all. */
const parameterNames: Readonly<Record<string, string>> = {
  K: "neighbours",
  "mcm.tau": "temperature",
  "gen.M": "largest",
  dim: "dimensions",
  percentile_high: "high",
  percentile_low: "low",
  "dice.p": "percentile",
  distance_as_normalizer: "centred",
  "nnguide.alpha": "share",
  pow: "power",
  max_logit: "maxLogit",
};
/** Values that are words of ours, and what OpenOOD's classes do where ours have a default of their own. */
const values: Readonly<Record<string, unknown>> = { inner_product: "innerProduct" };
const published: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  temp_scaling: { rule: "openood" },
  nnguide: { order: "published", batch: manifest?.raw["loader_batch"] },
};

function parametersOf(id: string, hyper: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const named = Object.entries(hyper).map(([name, value]): [string, unknown] => [
    parameterNames[`${id}.${name}`] ?? parameterNames[name] ?? name,
    typeof value === "string" ? (values[value] ?? value) : value,
  ]);
  return { ...published[id], ...Object.fromEntries(named) };
}

function floats(golden: GoldenCase, name: string): Float32Array {
  return Float32Array.from<number | bigint>(golden.tensor(name).data, Number);
}

/** What a description says is to be done to the features: "use the first 300", "column 3 to zero", "copy column 4 into column 5". */
interface Altered {
  readonly first: number;
  readonly zero: number | null;
  readonly copy: readonly [number, number] | null;
}

function alteration({ description }: GoldenCase): Altered {
  const numbers = (pattern: RegExp): number[] => (pattern.exec(description) ?? []).slice(1).map(Number);
  const [first = Infinity] = numbers(/first (\d+) training samples/);
  const [zero = null] = numbers(/column (\d+) to zero/);
  const [from, to] = numbers(/copy column (\d+) into column (\d+)/);
  return { first, zero, copy: from === undefined || to === undefined ? null : [from, to] };
}

/** W [C, d] and b [C]; a case that brings the perturbed weights themselves has no W. */
function headOf(golden: GoldenCase): FitHead {
  const bias: Tensor = { dtype: "float32", shape: golden.entry("b").shape, data: floats(golden, "b") };
  const width = golden.entry(golden.has("id_features") ? "id_features" : "val_features").shape[1] ?? 0;
  const shape = [bias.shape[0] ?? 0, width];
  const data = golden.has("W") ? floats(golden, "W") : new Float32Array((shape[0] ?? 0) * width);
  return { weight: { dtype: "float32", shape, data }, bias };
}

/** logits = W f + b, sums in double precision. */
function outputSet(golden: GoldenCase, head: FitHead, part: string, group: SetGroup): OutputSet {
  const [classes = 0, size = 0] = head.weight.shape;
  const weight = Array.from(head.weight.data, Number);
  const bias = Array.from(head.bias.data, Number);
  const { first, zero, copy } = alteration(golden);
  const all = floats(golden, `${part}_features`);
  const features = group === "train" ? all.slice(0, Math.min(all.length, first * size)) : all;
  const count = features.length / size;
  for (let i = 0; i < count; i++) {
    if (zero !== null) features[i * size + zero] = 0;
    if (copy) features[i * size + copy[1]] = features[i * size + copy[0]] ?? 0;
  }
  const logits = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < classes; c++) {
      let sum = bias[c] ?? 0;
      for (let j = 0; j < size; j++) sum += (weight[c * size + j] ?? 0) * (features[i * size + j] ?? 0);
      logits[i * classes + c] = sum;
    }
  }
  const ids = Array.from({ length: count }, (_, i) => String(i));
  const given = golden.has(`${part}_labels`) ? floats(golden, `${part}_labels`) : new Float32Array(count);
  const labels = Int32Array.from(given.subarray(0, count));
  return outputsInMemory(
    { name: part, group, labels, ids, logits, features },
    { classes, featureSize: size },
  );
}

async function confidences(
  golden: GoldenCase,
  parameters: Readonly<Record<string, unknown>>,
  tested: readonly string[],
): Promise<ArrayLike<number>[]> {
  const id = String(golden.hyper["detector"]);
  const head = headOf(golden);
  const part = (name: string, group: SetGroup): OutputSet[] =>
    golden.has(`${name}_features`) ? [outputSet(golden, head, name, group)] : [];
  const sets = tested.map((name, k) => outputSet(golden, head, name, k === 0 ? "test" : "far"));
  const known = [...part("train", "train"), ...(tested.includes("val") ? [] : part("val", "validation"))];
  const validation = tested.includes("val")
    ? [{ ...outputSet(golden, head, "val", "validation"), name: "fit" }]
    : [];
  const asked = { detector: detectors.find(id), parameters };
  const ground = await fitGround(testEngine, [...known, ...validation, ...sets], undefined, [asked], {
    head,
  });
  if (golden.has("perturbed_weights")) {
    const weights: Tensor = {
      dtype: "float32",
      shape: golden.entry("perturbed_weights").shape,
      data: floats(golden, "perturbed_weights"),
    };
    const fitted = { ...asked, fitted: { tensors: { weights }, bank: null } };
    return scoreSets({ ...fitted, parameters: {} }, sets, { engine: testEngine, head });
  }
  const outcome = await fitDetector(asked, ground);
  if ("reason" in outcome) throw outcome.reason;
  return scoreSets(outcome.fitted, sets, { engine: testEngine, head });
}

/** Cases of features; those of images are in the test of detectors inside a model. */
function ofFeatures(golden: GoldenCase): boolean {
  return golden.has("id_features") || golden.has("val_features");
}

describe.skipIf(manifest === null)("detectors agree with the reference", () => {
  const cases = (manifest?.cases ?? []).filter(
    (golden) => ofFeatures(golden) && registered.includes(String(golden.hyper["detector"])),
  );
  const scored = cases.filter((golden) => golden.has("conf_id"));
  it.each(scored.map((golden): [string, GoldenCase] => [golden.id, golden]))("%s", async (_, golden) => {
    const { detector, ...hyper } = golden.hyper;
    const [id, ood] = await confidences(golden, parametersOf(String(detector), hyper), ["id", "ood"]);
    expectClose(id ?? [], golden.entry("conf_id"));
    expectClose(ood ?? [], golden.entry("conf_ood"));
    if (!untouched.includes(String(detector)) || !golden.has("pred_id")) return;
    for (const part of ["id", "ood"]) {
      const { logits } = outputSet(golden, headOf(golden), part, "test");
      expectClose(predictions(logits), golden.entry(`pred_${part}`));
    }
  });

  const searched = cases.filter((golden) => golden.has("val_auroc"));
  it.each(searched.map((golden): [string, GoldenCase] => [golden.id, golden]))("%s", async (_, golden) => {
    const id = String(golden.hyper["detector"]);
    const sweep = Object.keys(Object(golden.hyper["sweep"])).map((name) => name.replace(/_list$/, ""));
    const grid: unknown[] = Array.isArray(golden.hyper["grid"]) ? golden.hyper["grid"] : [];
    const found: number[] = [];
    for (const point of grid) {
      const values: unknown[] = Array.isArray(point) ? point : [];
      const hyper = Object.fromEntries(sweep.map((name, i) => [name, values[i]]));
      const [known, unknown] = await confidences(golden, parametersOf(id, hyper), ["val", "val_ood"]);
      found.push(auroc(known ?? [], unknown ?? []));
    }
    expectClose(found, golden.entry("val_auroc"));
    expect(found.indexOf(Math.max(...found))).toBe(Number(golden.tensor("chosen_first_maximum").data[0]));
  });
});
