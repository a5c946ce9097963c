/**
 * A network that was read as one that trains: its weights become parameters under their own names, what lies before a chosen value
 * stays as it is, and a linear head of ours gives the logits where the model's own classes are not wanted.
 */
import { float32Data, oalError, type Taps, type Tensor, type Value } from "oal-core";
import { z } from "zod";
import type { Context } from "../context.js";
import { denseHead } from "../layers/linear.js";
import type { Network, NetworkOutputs } from "../networks/network.js";
import { withPrefix, type ParameterStore } from "../parameters.js";
import { anatomyOf, type Anatomy, type ImportedTensor, type Span } from "./anatomy.js";
import { adaptedBatchNorm, settledBatchNorm } from "./batchNorm.js";
import { copySpan } from "./copy.js";

/** How a network that was read is trained. All plain data. */
export interface ImportPlan {
  /** Name of the value up to which nothing is trained; null: everything is. */
  readonly frozen: string | null;
  /** Whether running statistics stay as they are in the file, or follow the batches. */
  readonly batchNorm: "keep" | "adapt";
  /** Learning rate of the last layer that was read, as a factor of the schedule's. */
  readonly rate: number;
  /** Learning rate of each layer as a factor of the one behind it. */
  readonly layerDecay: number;
}

/** A linear head. */
export interface HeadTensors {
  /** float32 [C, d]. */
  readonly weight: Tensor;
  /** float32 [C]. */
  readonly bias: Tensor;
}

/** What a network is made of. */
export interface ImportedParts {
  /** What it is called. */
  readonly name: string;
  /** The model as it was read; `input` must be there. */
  readonly taps: Taps;
  /** Gives the logits from the features; null: the model's own logits are taken. */
  readonly head: HeadTensors | null;
  readonly plan: ImportPlan;
}

/** A network in two halves, of which the first is not trained. */
export interface NetworkSplit {
  /** The first half: the value at the cut, of normalised images of the same graph. Its weights are constants. */
  before(images: Value): Value;
  /** The second half, from a value at the cut. */
  after(context: Context, value: Value): NetworkOutputs;
}

/** A network that was read. */
export interface ImportedNetwork extends Network {
  readonly plan: ImportPlan;
  /** Of everything between images and features, or logits where there is no head of ours. */
  readonly anatomy: Anatomy;
  /** Weights and statistics that a training changes, the head's left out. */
  readonly trained: readonly ImportedTensor[];
  /** What a training starts from, under the names of its parameters, the head's included. */
  readonly first: ParameterStore;
  /** Where something is frozen. */
  readonly split?: NetworkSplit;
}

/** Names of the parts in the names of parameters. */
const [trunkPart, headPart] = ["trunk", "head"];

/**
 * Makes a network of a model.
 *
 * @throws OAL-T131 for a model whose normalised pictures or features are not found; OAL-C211 for a frozen value that is not there, or that is passed by
 */
export function importedNetwork(parts: ImportedParts): ImportedNetwork {
  const { name, taps, head, plan } = parts;
  const { input, features, logits, maps } = taps;
  if (!input)
    throw oalError("OAL-T131", { model: name, problem: "its normalised pictures were not found in it" });
  if (input.dims[1] !== 3)
    throw oalError("OAL-T131", {
      model: name,
      problem: "it takes grey pictures, and training gives coloured ones",
    });
  if (head && !features)
    throw oalError("OAL-T131", { model: name, problem: "it shows no features for a new head" });
  const ends = [...(features ? [features] : []), ...(head ? [] : [logits])];
  const whole: Span = { from: input, to: ends };
  const anatomy = anatomyOf(whole);
  const cut = plan.frozen === null ? null : cutNamed(anatomy, plan.frozen);
  const rest: Span = { ...whole, from: cut ?? input };
  const depths = new Map(anatomy.tensors.map(({ value, depth }) => [value, depth]));
  const behind = new Set(anatomyOf(rest).tensors.map(({ value }) => value));
  const trained = anatomy.tensors.filter(
    ({ value, kind }) => behind.has(value) && (kind === "weight" || plan.batchNorm === "adapt"),
  );
  if (plan.batchNorm === "adapt" && anatomy.batchNorms === 0) {
    const problem =
      "adapt: the model holds no BatchNormalization; its statistics are part of the weights, as exporters of finished models leave them";
    throw oalError("OAL-C211", { at: "init.batchNorm", problem });
  }
  const adapted = new Set(trained.filter(({ kind }) => kind === "statistic").map(({ value }) => value));
  const rateOf = (value: Value): number =>
    plan.rate * plan.layerDecay ** Math.max(0, anatomy.depth - (depths.get(value) ?? 0));

  const grow = (context: Context, span: Span, start: Value): NetworkOutputs => {
    const trunk = context.child(trunkPart);
    const known = new Map([[span.from, start]]);
    for (const { value, tensor, kind } of trained) {
      const { shape } = tensor;
      const first = (): Float32Array => float32Data(tensor).slice();
      // as everywhere: no decay on biases and normalisation
      const options = { decay: shape.length > 1, rate: rateOf(value) };
      const own =
        kind === "weight"
          ? trunk.parameter(value.name, shape, first, options)
          : trunk.buffer(value.name, shape, first);
      known.set(value, own);
    }
    const adapts = trunk.training && plan.batchNorm === "adapt";
    const copies = copySpan(
      context.graph,
      span,
      known,
      (node, inputs) =>
        (adapts ? adaptedBatchNorm(trunk, node, inputs, adapted) : null) ?? settledBatchNorm(node, inputs),
    );
    const at = (value: Value): Value | undefined => copies.get(value);
    const outputs = {
      features: (features && at(features)) ?? start,
      maps: new Map(
        [...maps].flatMap(([map, value]) => {
          const found = at(value);
          return found ? [[map, found] as const] : [];
        }),
      ),
    };
    if (head === null) return { ...outputs, logits: at(logits) ?? start };
    const [classes = 0, width = 0] = head.weight.shape;
    const own = denseHead(context.child(headPart), width, classes, {
      init: () => float32Data(head.weight).slice(),
      biasInit: () => float32Data(head.bias).slice(),
    });
    return { ...outputs, logits: own.apply(outputs.features), head: own };
  };
  const width = (features ?? logits).dims.at(-1);
  return {
    id: name,
    title: `the model ${name}`,
    source: "read from a file",
    schema: z.strictObject({}),
    plan,
    anatomy,
    trained,
    first: new Map([
      ...withPrefix(new Map(trained.map(({ value, tensor }) => [value.name, tensor])), trunkPart),
      ...(head ? withPrefix(new Map(Object.entries(head)), headPart) : []),
    ]),
    featureDim: () => (typeof width === "number" ? width : 0),
    build: (context, images) => grow(context, whole, images),
    ...(cut
      ? {
          split: {
            before: (images) => {
              const front = { from: input, to: [cut] };
              return (
                copySpan(images.graph, front, new Map([[input, images]]), settledBatchNorm).get(cut) ?? images
              );
            },
            after: (context, value) => grow(context, rest, value),
          },
        }
      : {}),
  };
}

/** The value of a name, where nothing passes it by. */
function cutNamed({ cuts, nodes }: Anatomy, name: string): Value {
  const found = cuts.find(({ value }) => value.name === name);
  if (found) return found.value;
  const exists = nodes.some(({ outputs }) => outputs.some((output) => output.name === name));
  const problem = exists
    ? `something passes "${name}" by, so that the network cannot be cut there`
    : `the model has no value "${name}"`;
  throw oalError("OAL-C211", { at: "init.frozen", problem });
}

/**
 * The cut before which a share of the layers lies, or the last one before that.
 *
 * @param share of the layers before the head, 0 to 1
 * @returns the name of its value; null where nothing is frozen
 */
export function cutAt({ cuts, depth }: Anatomy, share: number): string | null {
  const last = cuts.findLast((cut) => cut.depth > 0 && cut.depth <= share * depth);
  return last?.value.name ?? null;
}
