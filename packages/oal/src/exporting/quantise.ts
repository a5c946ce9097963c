/**
 * A classifier's network in whole numbers of 8 bits: weights with one scale a channel, the numbers between layers with one scale a
 * value, chosen on pictures ("static" quantisation, as nodes QuantizeLinear and DequantizeLinear that engines fuse).
 *
 * @source Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"
 */
import {
  Graph,
  inline,
  oalError,
  toNumbers,
  type Engine,
  type Node,
  type Session,
  type Tensor,
  type Value,
} from "oal-core";
import { foldNormalisation } from "./foldNormalisation.js";
import { networkNodes, nodesBehind, products, readersOf } from "./network.js";
import {
  biasOfSteps,
  meanLoss,
  roundedWeight,
  stepsOf,
  throughBytes,
  weightConstant,
  type Steps,
} from "./quantised.js";
import { rangeChoices, rangeOf, seenNumbers, type RangeChoice, type SeenNumbers } from "./ranges.js";

/** Batches of a graph's inputs, by name. */
export type Feeds = readonly Readonly<Record<string, Tensor>>[];

/** Operators that only cut off at a product's end: engines do it when they round to 8 bits. */
const cuts = ["Relu", "Clip"];
/** Operators that engines compute on bytes where all that reaches them is bytes already. */
const followers = ["Add", "MaxPool", "AveragePool", "Concat"];

/**
 * A copy of a classifier's graph whose convolutions and matrix products with known weights compute with 8 bits; the last layer, the
 * pooling in front of it, detectors and decision compute with float32 as before. How far ranges reach is chosen among everything
 * that was seen, its percentiles, and the least squared error: by the decisions that stay on the calibration pictures, then by the
 * error of the logits.
 *
 * @param graph with the output "logits"; decisions are its outputs of type bool
 * @param feeds calibration pictures, some dozens at least, in batches
 * @throws OAL-E272 without a picture, OAL-E274 where there is nothing to compute with 8 bits
 */
export async function quantise(graph: Graph, feeds: Feeds, engine: Engine): Promise<Graph> {
  if (feeds.length === 0) throw oalError("OAL-E272", {});
  const folded = foldNormalisation(graph);
  const plan = planOf(folded);
  if (plan.products.size === 0) throw oalError("OAL-E274", {});
  const seen = await seenNumbers(folded, [...plan.rounded], feeds, engine);
  const wanted = await answers(graph, feeds, engine);
  let best: { graph: Graph; difference: Difference } | undefined;
  for (const choice of rangeChoices) {
    const candidate = build(folded, plan, seen, choice);
    const difference = differenceOf(wanted, await answers(candidate, feeds, engine));
    if (best === undefined || isLess(difference, best.difference)) best = { graph: candidate, difference };
  }
  if (best === undefined) throw oalError("OAL-X101", { problem: "no choice of ranges" });
  return best.graph;
}

/** What is computed with 8 bits. */
interface Plan {
  /** Products, and operators that follow them on bytes. */
  readonly products: ReadonlySet<Node>;
  readonly followers: ReadonlySet<Node>;
  /** Values that are rounded to 8 bits. */
  readonly rounded: ReadonlySet<Value>;
}

function planOf(graph: Graph): Plan {
  const network = networkNodes(graph);
  const readers = readersOf(graph);
  const last = lastLayer(graph);
  const found = { products: new Set<Node>(), followers: new Set<Node>(), rounded: new Set<Value>() };
  const consumers = consumersOf(graph);
  for (const node of graph.nodes) {
    if (!network.has(node) || node.operator.opaque || node === last) continue;
    const [output] = node.outputs;
    if (!output) continue;
    const isProduct = products.includes(node.operator.name) && hasWeights(node);
    const follows =
      followers.includes(node.operator.name) &&
      node.inputs.every((input) => input && found.rounded.has(input)) &&
      node.outputs.length === 1;
    if (!isProduct && !follows) continue;
    (isProduct ? found.products : found.followers).add(node);
    const [input] = node.inputs;
    if (isProduct && input) found.rounded.add(input);
    // The end of the layer: behind a cut that is all that reads the product.
    const [reader, ...others] = consumers.get(output) ?? [];
    const cut =
      reader && others.length === 0 && readers.get(output) === 1 && cuts.includes(reader.operator.name);
    const end = cut ? reader.outputs[0] : output;
    if (end) found.rounded.add(end);
  }
  return found;
}

/** A convolution of so few channels is no quicker with 8 bits: it is the first one, which reads colours. */
const fewestChannels = 5;

/** Whether a product's second factor is known and its form is one that engines have with 8 bits. */
function hasWeights({ operator: { name }, inputs, attributes }: Node): boolean {
  const [x, weight, bias] = inputs;
  if (!x || x.constant || weight?.constant?.dtype !== "float32") return false;
  if (bias && bias.constant?.shape.length !== 1) return false;
  if (name === "Gemm")
    return (
      (attributes["alpha"] ?? 1) === 1 && (attributes["beta"] ?? 1) === 1 && (attributes["transA"] ?? 0) === 0
    );
  const { shape } = weight.constant;
  return name === "Conv" ? shape[1] === 1 || (shape[1] ?? 0) >= fewestChannels : shape.length === 2;
}

/** The product that the logits come from, behind nothing but shifts and other shapes. */
function lastLayer(graph: Graph): Node | null {
  let value = graph.outputs.get("logits");
  while (value?.node && !products.includes(value.node.operator.name))
    value = value.node.inputs[0] ?? undefined;
  return value?.node ?? null;
}

function consumersOf(graph: Graph): ReadonlyMap<Value, readonly Node[]> {
  const found = new Map<Value, Node[]>();
  for (const node of nodesBehind(graph.outputs.values()))
    for (const input of node.inputs) if (input) found.set(input, [...(found.get(input) ?? []), node]);
  return found;
}

function build(graph: Graph, plan: Plan, seen: ReadonlyMap<Value, SeenNumbers>, choice: RangeChoice): Graph {
  const made = new Graph();
  const substitutes = new Map(
    graph.inputs.map((input) => [input, made.input(input.name, input.type)] as const),
  );
  for (const name of graph.outputs.keys()) made.reserveOutput(name);
  const rounded = new Map<Value, Value>();
  const stepsFor = (value: Value): Steps | null => {
    const numbers = seen.get(value);
    return numbers ? stepsOf(rangeOf(numbers, choice)) : null;
  };
  const throughSteps = (value: Value, copy: Value): Value => {
    const steps = stepsFor(value);
    if (!steps) return copy;
    const known = rounded.get(copy) ?? throughBytes(copy, steps);
    rounded.set(copy, known);
    return known;
  };
  const copies = inline(made, graph, substitutes, {
    build: (node, given, names) => {
      const isProduct = plan.products.has(node);
      const inputs = given.map((copy, index) => {
        const value = node.inputs[index];
        return copy && value && plan.rounded.has(value) ? throughSteps(value, copy) : copy;
      });
      if (!isProduct) return made.node(node.operator, inputs, node.attributes, names);
      const [input] = node.inputs;
      const steps = input && stepsFor(input);
      const means = input && seen.get(input)?.means;
      if (!steps || !means) return null;
      return made.node(
        node.operator,
        productInputs(made, node, inputs, steps, means),
        node.attributes,
        names,
      );
    },
  });
  for (const [name, value] of graph.outputs) {
    const copy = copies.get(value);
    if (copy) made.output(name, copy);
  }
  return made;
}

/**
 * A product's inputs with its weight, and bias, in whole numbers. The bias takes what rounding the weight loses on average.
 *
 * @source Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", 4.2
 */
function productInputs(
  graph: Graph,
  node: Node,
  [x]: readonly (Value | null | undefined)[],
  { scale }: Steps,
  means: Float64Array,
): (Value | null)[] {
  const [, weight, bias] = node.inputs;
  if (!x || !weight?.constant) return [];
  const axis = node.operator.name === "Conv" || node.attributes["transB"] === 1 ? 0 : 1;
  const rounded = roundedWeight(weight.constant, axis);
  const inputs = [x, weightConstant(graph, rounded, weight.name)];
  if (node.operator.name === "MatMul") return inputs;
  const before = bias?.constant ? toNumbers(bias.constant) : [];
  const { group } = node.attributes;
  const lost = meanLoss(weight.constant, rounded, means, typeof group === "number" ? group : 1);
  const after = Array.from(lost, (loss, channel) => (before[channel] ?? 0) + loss);
  const sumScales = rounded.scales.map((each) => each * scale);
  return [...inputs, biasOfSteps(graph, after, sumScales, bias?.name ?? `${weight.name}.bias`)];
}

/** What a graph says of the calibration pictures. */
interface Answers {
  readonly decisions: readonly number[];
  readonly logits: readonly number[];
}

/** Adds a tensor's numbers one by one: a batch of many classes has more of them than a call takes arguments. */
function append(to: number[], tensor: Tensor | undefined): void {
  for (const value of tensor ? toNumbers(tensor) : []) to.push(value);
}

async function answers(graph: Graph, feeds: Feeds, engine: Engine): Promise<Answers> {
  const session: Session = await engine.compile(graph);
  const names = [...graph.outputs].flatMap(([name, { dtype }]) => (dtype === "bool" ? [name] : []));
  const found = { decisions: new Array<number>(), logits: new Array<number>() };
  try {
    for (const feed of feeds) {
      const outputs = await session.run(feed, ["logits", ...names]);
      for (const name of names) append(found.decisions, outputs[name]);
      append(found.logits, outputs["logits"]);
    }
  } finally {
    await session.release();
  }
  return found;
}

/** How far answers lie apart. */
interface Difference {
  readonly decisions: number;
  readonly logits: number;
}

function differenceOf(a: Answers, b: Answers): Difference {
  return {
    decisions: a.decisions.filter((value, i) => value !== b.decisions[i]).length,
    logits: a.logits.reduce((sum, value, i) => sum + (value - (b.logits[i] ?? 0)) ** 2, 0),
  };
}

function isLess(a: Difference, b: Difference): boolean {
  return a.decisions === b.decisions ? a.logits < b.logits : a.decisions < b.decisions;
}
