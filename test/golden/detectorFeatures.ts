/** The reference's cases of detectors that look at features and logits: parameters in our names, heads, outputs. */
import { detectors, type FitHead, type Tensor } from "oal-core";
import { outputsInMemory, type OutputSet } from "../../packages/oal/src/evaluation/outputs.js";
import type { SetGroup } from "../../packages/oal/src/evaluation/result.js";
import type { GoldenCase, GoldenManifest } from "../../packages/oal/src/testing/golden.js";

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
  "adascale_a.percentile": "percentiles",
  "adascale_l.percentile": "percentiles",
  k1: "kept",
  k2: "changed",
  lmbda: "weight",
  o: "moved",
};
/** Values that are words of ours, and what OpenOOD's classes do where ours have a default of their own. */
const values: Readonly<Record<string, unknown>> = { inner_product: "innerProduct" };
const published: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  temp_scaling: { rule: "openood" },
};

/** Parameters of a case in our names. */
export function parametersOf(
  id: string,
  hyper: Readonly<Record<string, unknown>>,
  { raw }: GoldenManifest,
): Record<string, unknown> {
  const named = Object.entries(hyper).map(([name, value]): [string, unknown] => [
    parameterNames[`${id}.${name}`] ?? parameterNames[name] ?? name,
    typeof value === "string" ? (values[value] ?? value) : value,
  ]);
  const known = new Set(Object.keys(detectors.find(id).parameters));
  const all: Record<string, unknown> = {
    ...published[id],
    ...Object.fromEntries(named),
    ...(id === "nnguide" ? { batch: raw["loader_batch"] } : {}),
    ...(id.endsWith("odin") ? { std: raw["channel_std"] } : {}),
  };
  // What the reference names and ours has no switch for says what ours does anyway: every image, no short cut.
  const done: readonly unknown[] = ["all", false];
  return Object.fromEntries(
    Object.entries(all).filter(([name, value]) => known.has(name) || !done.includes(value)),
  );
}

/** A tensor of a case as float32 numbers. */
export function floats(golden: GoldenCase, name: string): Float32Array {
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
export function headOf(golden: GoldenCase): FitHead {
  const bias: Tensor = { dtype: "float32", shape: golden.entry("b").shape, data: floats(golden, "b") };
  const width = golden.entry(golden.has("id_features") ? "id_features" : "val_features").shape[1] ?? 0;
  const shape = [bias.shape[0] ?? 0, width];
  const data = golden.has("W") ? floats(golden, "W") : new Float32Array((shape[0] ?? 0) * width);
  return { weight: { dtype: "float32", shape, data }, bias };
}

/** logits = W f + b, sums in double precision. */
export function outputSet(golden: GoldenCase, head: FitHead, part: string, group: SetGroup): OutputSet {
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
