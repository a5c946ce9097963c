/** Reference values `import`: one ONNX file, read, differentiated by oal and run by the engine, against its golden tensors. */
import { join } from "node:path";
import {
  float32Tensor,
  gradients,
  logSoftmax,
  mul,
  neg,
  oneHot,
  reduceMean,
  reduceSum,
  toNumbers,
  verifyGraph,
  type Graph,
  type ReadModel,
  type Tensor,
  type Value,
} from "oal-core";
import { readModelFile } from "../../packages/oal/src/runtime/modelFile.js";
import { readSafetensors } from "../../packages/oal/src/nn/safetensors.js";
import { runOnce } from "../../packages/oal/src/testing/engine.js";

type Json = Readonly<Record<string, unknown>>;

export const record = (value: unknown): Json =>
  typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
export const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** A text of a manifest; empty where there is none. */
export function textIn(raw: Json, name: string): string {
  const value = raw[name];
  return typeof value === "string" ? value : "";
}

/** What a manifest says of one file. */
export interface ImportCase {
  readonly folder: string;
  readonly file: string;
  readonly golden: string;
  /** In front of the names of its golden tensors: "inference/", "case0/", "". */
  readonly prefix: string;
  /** In front of the names of inputs and labels. */
  readonly inputPrefix: string;
  readonly raw: Json;
}

/** The golden tensors of a case by name. */
export async function goldenOf({ folder, golden }: ImportCase): Promise<ReadonlyMap<string, Tensor>> {
  return (await readSafetensors(join(folder, golden))).tensors;
}

/** A value under a name of the file. */
export function valueOf({ values }: ReadModel, name: string): Value {
  const value = values.get(name);
  if (!value) throw new Error(`the file has no value ${name}`);
  return value;
}

function tensorIn(golden: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = golden.get(name);
  if (!tensor) throw new Error(`no golden tensor ${name}`);
  return tensor;
}

/** The model with every open size of its input as the golden input has it. */
export async function readCase(each: ImportCase, golden: ReadonlyMap<string, Tensor>): Promise<ReadModel> {
  const [input] = Array.isArray(each.raw["inputs"]) ? each.raw["inputs"].map(record) : [];
  const shape = Array.isArray(input?.["shape"]) ? input["shape"] : [];
  const given = tensorIn(golden, `${each.inputPrefix}input`).shape;
  const sizes = Object.fromEntries(
    shape.flatMap((size: unknown, axis): [string, number][] =>
      typeof size === "string" ? [[size, given[axis] ?? 0]] : [],
    ),
  );
  return readModelFile(join(each.folder, each.file), { sizes, halfPrecision: "widen" });
}

/** Mean cross-entropy of logits [n, C] against int64 labels [n]. */
export function crossEntropy(logits: Value, labels: Value): Value {
  const picked = mul(oneHot(labels, logits.size(1)), logSoftmax(logits));
  return neg(reduceMean(reduceSum(picked, [1])));
}

/** Runs a case: logits, features, loss and gradients under the names of its golden tensors. */
export async function computeCase(
  each: ImportCase,
  more: (model: ReadModel) => Readonly<Record<string, Value>> = () => ({}),
): Promise<{ results: Record<string, Tensor>; golden: ReadonlyMap<string, Tensor>; model: ReadModel }> {
  const golden = await goldenOf(each);
  const model = await readCase(each, golden);
  const { graph } = model;
  const [input] = graph.inputs;
  if (!input) throw new Error("the model has no input");
  const given = tensorIn(golden, `${each.inputPrefix}input`);
  const labels = tensorIn(golden, `${each.inputPrefix}labels`);
  const logits = valueOf(model, textIn(each.raw, "logits"));
  const loss = crossEntropy(logits, graph.input("golden.labels", labels));
  const trainable = texts(each.raw["trainableInitializers"]);
  const names = ["input", ...trainable];
  const slopes = gradients(loss, [input, ...trainable.map((name) => valueOf(model, name))]);
  const { prefix } = each;
  const wanted: Record<string, Value> = {
    [`${prefix}logits`]: logits,
    [`${prefix}loss`]: loss,
    ...more(model),
  };
  const [features] = Array.isArray(each.raw["features"])
    ? texts(each.raw["features"])
    : [textIn(each.raw, "features")];
  if (features !== undefined) wanted[`${prefix}features`] = valueOf(model, features);
  slopes.forEach((slope, index) => (wanted[`${prefix}grad/${names[index]}`] = slope));
  const marked = Object.entries(wanted).map(
    ([name, value], index) => [name, value, `golden.${index}`] as const,
  );
  for (const [, value, output] of marked) mark(graph, output, value);
  const outputs = await runOnce(graph, { [input.name]: given, "golden.labels": labels });
  const results = Object.fromEntries(
    marked.map(([name, , output]) => [name, outputs[output] ?? float32Tensor([0], [])]),
  );
  const first = outputs[[...graph.outputs.keys()][0] ?? ""];
  return { results: first ? { ...results, [`${prefix}output`]: first } : results, golden, model };
}

function mark(graph: Graph, name: string, value: Value): void {
  graph.output(name, value);
}

/** Runs a case with every size of the model open: the first output, and what of the graph is not understood. */
export async function computeOpen(
  each: ImportCase,
): Promise<{ output: Tensor | undefined; opaque: string[] }> {
  const golden = await goldenOf(each);
  const { graph, opaque } = await readModelFile(join(each.folder, each.file), { halfPrecision: "widen" });
  const [input] = graph.inputs;
  const [name = ""] = graph.outputs.keys();
  verifyGraph(graph);
  const outputs = await runOnce(graph, { [input?.name ?? ""]: tensorIn(golden, `${each.inputPrefix}input`) });
  return {
    output: outputs[name],
    opaque: opaque.map(({ node, reason }) => `${node.operator.name}: ${reason}`),
  };
}

/** The tolerance of a golden tensor: exact name, or "grad/<initializer>" for a parameter's gradient. */
function toleranceOf(tolerance: Json, name: string): Json {
  const key = Object.hasOwn(tolerance, name)
    ? name
    : name.startsWith("grad/")
      ? "grad/<initializer>"
      : name.startsWith("running")
        ? "running"
        : "logits";
  return record(tolerance[key]);
}

/** What was compared of a case: the deviation of every result as a share of its tolerance, and those outside of it as sentences. */
export interface ImportOutcome {
  readonly shares: readonly (readonly [name: string, share: number])[];
  readonly faults: readonly string[];
}

/** Compares results with the golden tensors of their names. */
export function compareCase(
  { raw, prefix }: ImportCase,
  results: Readonly<Record<string, Tensor>>,
  golden: ReadonlyMap<string, Tensor>,
): ImportOutcome {
  const faults: string[] = [];
  const shares = Object.entries(results).map(([name, result]): [string, number] => {
    const want = golden.get(name);
    if (!want) {
      faults.push(`no golden tensor ${name}`);
      return [name, Infinity];
    }
    const wanted = toNumbers(want);
    const got = toNumbers(result);
    const { rtol, atol, ownScale } = toleranceOf(record(raw["tolerance"]), name.slice(prefix.length));
    const largest = wanted.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
    const allowed = Number(atol ?? NaN) + Number(ownScale ?? 0) * largest;
    const share = wanted.reduce((most, number, i) => {
      const deviation = Math.abs((got[i] ?? NaN) - number);
      const own = deviation === 0 ? 0 : deviation / (allowed + Number(rtol) * Math.abs(number));
      return own <= most ? most : Number.isNaN(own) ? Infinity : own;
    }, 0);
    if (result.shape.join() !== want.shape.join() || share > 1)
      faults.push(
        `${name} [${result.shape.join(", ")}] for [${want.shape.join(", ")}]: ${share} times what is allowed`,
      );
    return [name, share];
  });
  return { shares, faults };
}
