/** Reference values `layers`: every case built from the graph's functions, forward and gradients, computed by the engine in one model. */
import * as oal from "oal-core";
import { Graph, vectorJacobian, type Tensor, type Value } from "oal-core";
import { expect } from "vitest";
import { runOnce } from "../../packages/oal/src/testing/engine.js";
import { expectClose, loadManifest, type GoldenCase } from "../../packages/oal/src/testing/golden.js";
import { goldenSuite, unknownKind } from "../../packages/oal/src/testing/goldenSuite.js";

type Values = (name: string) => Value;
/** Builds a case: the output, and further named results. Null when these hyper-parameters are not covered. */
type Builder = (values: Values, hyper: Hyper, golden: GoldenCase) => Record<string, Value> | null;

class Hyper {
  readonly #raw: Readonly<Record<string, unknown>>;
  constructor(raw: Readonly<Record<string, unknown>>) {
    this.#raw = raw;
  }
  number(name: string, fallback = 0): number {
    return Number(this.#raw[name] ?? fallback);
  }
  pair(name: string): [number, number] {
    const value: unknown = this.#raw[name];
    return Array.isArray(value) ? [Number(value[0]), Number(value[1])] : [Number(value), Number(value)];
  }
  is(name: string): boolean {
    return this.#raw[name] === true;
  }
  text(name: string): string {
    return String(this.#raw[name]);
  }
}

const unary =
  (build: (x: Value) => Value): Builder =>
  (values) => ({ output: build(values("x")) });
const optional = (values: Values, golden: GoldenCase, name: string): Value | null =>
  golden.has(name) ? values(name) : null;

const convolution: Builder = (values, hyper, golden) => ({
  output: oal.conv2d(values("x"), values("weight"), optional(values, golden, "bias"), {
    strides: hyper.pair("stride"),
    pads: hyper.pair("padding"),
    dilations: hyper.pair("dilation"),
    group: hyper.number("groups", 1),
  }),
});

const batchNorm: Builder = (values, hyper) => {
  const [x, weight, bias] = [values("x"), values("weight"), values("bias")];
  const [mean, variance] = [values("running_mean"), values("running_var")];
  if (!hyper.is("training"))
    return { output: oal.batchNormInference(x, weight, bias, mean, variance, hyper.number("eps")) };
  const batch = oal.batchNormTraining(x, weight, bias, hyper.number("eps"));
  const momentum = hyper.number("momentum");
  const moved = (before: Value, now: Value): Value =>
    oal.add(oal.mul(before, 1 - momentum), oal.mul(now, momentum));
  return {
    output: batch.y,
    "running_mean.after": moved(mean, batch.mean),
    "running_var.after": moved(variance, oal.mul(batch.variance, batch.count / (batch.count - 1))),
  };
};

const attention: Builder = (values, hyper, golden) => {
  const [heads, dim] = [hyper.number("heads"), hyper.number("dim")];
  const context = golden.has("context") ? values("context") : values("x");
  const [q, k, v] = [values("x"), context, context].map((source, part) => {
    const rows = [part * dim, (part + 1) * dim] as const;
    const weight = oal.slice(values("in_proj_weight"), [rows[0]], [rows[1]]);
    const projected = oal.linear(source, weight, oal.slice(values("in_proj_bias"), [rows[0]], [rows[1]]));
    const [images = 1, tokens = 1] = projected.shape;
    return oal.transpose(oal.reshape(projected, [images, tokens, heads, dim / heads]), [0, 2, 1, 3]);
  });
  if (!q || !k || !v) return null;
  const weights = oal.softmax(oal.mul(oal.matmul(q, oal.swapLast(k)), 1 / Math.sqrt(dim / heads)));
  const joined = oal.reshape(oal.transpose(oal.matmul(weights, v), [0, 2, 1, 3]), values("x").shape);
  return {
    output: oal.linear(joined, values("out_proj.weight"), values("out_proj.bias")),
    attention: weights,
  };
};

/** Builders by a pattern for the beginning of a case's id. */
const builders: Readonly<Record<string, Builder>> = {
  "conv-": convolution,
  "convt-": (values, hyper, golden) => ({
    output: oal.convTranspose2d(values("x"), values("weight"), optional(values, golden, "bias"), {
      strides: hyper.pair("stride"),
      pads: hyper.pair("padding"),
      dilations: hyper.pair("dilation"),
      group: hyper.number("groups", 1),
      outputPadding: hyper.pair("output_padding"),
    }),
  }),
  batchnorm: batchNorm,
  layernorm: (values, hyper) => {
    const weight = values("weight");
    return { output: oal.layerNorm(values("x"), weight, values("bias"), hyper.number("eps"), -weight.rank) };
  },
  groupnorm: (values, hyper) => ({
    output: oal.groupNorm(
      values("x"),
      hyper.number("groups"),
      values("weight"),
      values("bias"),
      hyper.number("eps"),
    ),
  }),
  linear: (values, _hyper, golden) => ({
    output: oal.linear(values("x"), values("weight"), optional(values, golden, "bias")),
  }),
  relu$: unary(oal.relu),
  relu6$: unary((x) => oal.clip(x, 0, 6)),
  "gelu-exact": unary((x) => oal.gelu(x)),
  "gelu-tanh": unary((x) => oal.gelu(x, "tanh")),
  "quick-gelu": unary(oal.quickGelu),
  silu$: unary(oal.silu),
  hardswish$: unary(oal.hardSwish),
  hardsigmoid$: unary((x) => oal.hardSigmoid(x, 1 / 6, 0.5)),
  sigmoid$: unary(oal.sigmoid),
  "log-sigmoid": unary(oal.logSigmoid),
  tanh$: unary(oal.tanh),
  softplus$: unary(oal.softplus),
  "leaky-relu-": (values, _hyper, { id }) => ({
    output: oal.leakyRelu(values("x"), Number(id.slice("leaky-relu-".length))),
  }),
  elu$: unary(oal.elu),
  erf$: unary(oal.erf),
  logsumexp: unary((x) => oal.logSumExp(x, [-1])),
  softmax: (values, hyper) => ({ output: oal.softmax(values("x"), hyper.number("axis")) }),
  logsoftmax: (values, hyper) => ({ output: oal.logSoftmax(values("x"), hyper.number("axis")) }),
  maxpool: (values, hyper) => ({
    output: oal.maxPool2d(values("x"), {
      kernel: hyper.pair("kernel"),
      strides: hyper.pair("stride"),
      pads: hyper.pair("padding"),
      dilations: hyper.pair("dilation"),
      ceilMode: hyper.is("ceil_mode"),
    }),
  }),
  avgpool: (values, hyper) => ({
    output: oal.averagePool2d(values("x"), {
      kernel: hyper.pair("kernel"),
      strides: hyper.pair("stride"),
      pads: hyper.pair("padding"),
      ceilMode: hyper.is("ceil_mode"),
      countIncludePad: hyper.is("count_include_pad"),
    }),
  }),
  "adaptive-avgpool": (values, hyper) => ({
    output: oal.adaptiveAveragePool2d(values("x"), hyper.pair("output_size")),
  }),
  mha: attention,
  resize: (values, hyper, golden) => {
    const mode = hyper.text("mode");
    if (mode !== "nearest" && mode !== "bilinear") return null;
    if (golden.hyper["scale_factor"] !== undefined)
      return mode === "nearest"
        ? { output: oal.resizeNearest(values("x"), hyper.number("scale_factor")) }
        : null;
    const options: oal.ResizeOptions = { mode, alignCorners: hyper.is("align_corners") };
    return { output: oal.resizeTo(values("x"), hyper.pair("size"), options) };
  },
  embedding: (values) => ({ output: oal.gather(values("weight"), values("index"), 0) }),
  gather: (values, hyper) => ({
    output: oal.gatherElements(values("x"), values("index"), hyper.number("axis")),
  }),
  "index-select": (values, hyper) => ({
    output: oal.gather(values("x"), values("index"), hyper.number("axis")),
  }),
  bmm: (values) => ({ output: oal.matmul(values("x"), values("y")) }),
  matmul: (values) => ({ output: oal.matmul(values("x"), values("y")) }),
  "broadcast-sub-square-mean": (values) => {
    const difference = oal.sub(oal.unsqueeze(values("y"), [0]), oal.unsqueeze(values("x"), [1]));
    return { output: oal.reduceMean(oal.mul(difference, difference), [1]) };
  },
  "normalize-l2": (values, hyper) => {
    const x = values("x");
    const norm = oal.sqrt(oal.reduceSum(oal.mul(x, x), [hyper.number("axis")], true));
    return { output: oal.div(x, oal.maximum(norm, hyper.number("eps"))) };
  },
  "kl-div": (values, hyper) => {
    const [x, target] = [values("x"), values("target")];
    if (hyper.text("reduction") !== "batchmean") return null;
    return { output: oal.div(oal.reduceSum(oal.mul(target, oal.sub(oal.log(target), x))), x.shape[0] ?? 1) };
  },
};

function builderOf(id: string): Builder | undefined {
  return Object.entries(builders).find(([pattern]) => new RegExp(`^(?:${pattern})`).test(id))?.[1];
}

const manifest = loadManifest("layers");
const graph = new Graph();
const feeds: Record<string, Tensor> = {};
const known = new Set((manifest?.cases ?? []).filter((golden) => addCase(golden)).map(({ id }) => id));
let results: Promise<Record<string, Tensor>> | undefined;

/** Adds a case to the graph; false where no builder knows it. */
function addCase(golden: GoldenCase): boolean {
  const inputs = new Map<string, Value>();
  const values: Values = (name) => {
    const given = inputs.get(name);
    if (given) return given;
    const entry = golden.tensors.find(
      (t) => t.name === name && ["input", "parameter", "buffer"].includes(t.role),
    );
    if (!entry) throw new Error(`${golden.id} has no ${name}`);
    const key = `${golden.id}/in/${name}`;
    feeds[key] = entry.load();
    const value = graph.input(key, feeds[key]);
    inputs.set(name, value);
    return value;
  };
  const outputs = builderOf(golden.id)?.(values, new Hyper(golden.hyper), golden);
  if (!outputs?.["output"]) return false;
  for (const [name, value] of Object.entries(outputs)) graph.output(`${golden.id}/value/${name}`, value);
  const wanted = golden.tensors.filter((entry) => entry.role === "gradient").map((entry) => entry.name);
  const gradients = vectorJacobian([outputs["output"]], [values("grad_output")], wanted.map(values));
  gradients.forEach((gradient, index) =>
    graph.output(`${golden.id}/gradient/${wanted[index] ?? ""}`, gradient),
  );
  return true;
}

goldenSuite("layers", {
  check: async (golden) => {
    if (!known.has(golden.id)) return unknownKind(golden);
    results ??= runOnce(graph, feeds);
    const computed = await results;
    for (const entry of golden.results) {
      const kind = entry.role === "gradient" ? "gradient" : "value";
      const got = computed[`${golden.id}/${kind}/${entry.name}`];
      if (!got) throw new Error(`${golden.id}: ${kind} ${entry.name} is not computed`);
      expect(got.shape).toEqual(entry.shape);
      expectClose(got.data, entry);
    }
  },
});
