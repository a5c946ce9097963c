/** The input of a foreign model that takes pictures: which it is, its layout, and the arithmetic that stands behind it. */
import { oalError, suggest } from "../errors/index.js";
import type { ReadModel } from "../graph/onnx/read.js";
import type { Dim } from "../graph/tensor.js";
import type { Node, Value } from "../graph/value.js";
import type { ModelHints, ModelInput } from "./facts.js";
import { readersOf, typeOf } from "./walk.js";

/** The input, and why it is it. */
export interface FoundInput {
  readonly value: Value;
  readonly facts: ModelInput;
  readonly evidence: readonly string[];
}

/**
 * Finds the input that takes pictures.
 *
 * @throws OAL-I147 for a name that the file does not have, OAL-I146 when no input takes pictures, OAL-I149 when one takes pictures of
 *   another kind
 */
export function findPictureInput(model: ReadModel, { images }: ModelHints): FoundInput {
  const { inputs } = model.graph;
  const readers = readersOf(model.graph);
  if (images !== undefined) {
    const value = inputs.find(({ name }) => name === images);
    const names = inputs.map(({ name }) => name);
    if (!value)
      throw oalError("OAL-I147", { name: images, what: "input", near: suggest(images, names), known: names });
    const found = layoutOf(value, readers);
    if (!found)
      throw oalError("OAL-I149", { input: images, problem: `is ${describe(value)}, which is no picture` });
    return found;
  }
  const found = inputs.flatMap((value) => layoutOf(value, readers) ?? []);
  const [first, ...others] = found;
  if (!first) throw oalError("OAL-I146", { what: withoutPictures(inputs) });
  const [other] = others;
  if (other)
    throw oalError("OAL-I149", {
      input: first.value.name,
      problem: `takes pictures, and so does ${other.value.name}: it is not seen which is meant`,
    });
  return first;
}

const describe = ({ dtype, dims }: Value): string => `${dtype} [${dims.join(", ")}]`;

const picturesOf = new Set(["float32", "float16", "float64", "bfloat16", "uint8", "int8", "int32"]);

function layoutOf(value: Value, readers: ReadonlyMap<Value, readonly Node[]>): FoundInput | null {
  const { name, dtype, dims, rank } = value;
  if (!picturesOf.has(dtype) || (rank !== 4 && rank !== 3)) return null;
  const axes: readonly Dim[] = rank === 4 ? dims : [0, ...dims];
  const [batch, first, second, last] = axes;
  const isColour = (size: Dim | undefined): size is 1 | 3 => size === 1 || size === 3;
  // Three axes without a size of 3 are rows of something (sound, tokens), no picture without its batch.
  if (rank === 3 && first !== 3 && last !== 3) return null;
  const seen = channelsByReader(value, readers);
  const byShape =
    isColour(first) && !isColour(last)
      ? ({ layout: "nchw", channels: first } as const)
      : isColour(last) && !isColour(first)
        ? ({ layout: "nhwc", channels: last } as const)
        : null;
  const found = byShape ?? seen;
  if (!found) {
    // Beside other inputs it may be anything: the latents of a diffusion model.
    if (rank !== 4 || value.graph.inputs.length > 1) return null;
    throw oalError("OAL-I149", {
      input: name,
      problem: `is ${describe(value)}: it is not seen which axis holds the colours`,
    });
  }
  const { layout, channels } = found;
  if (!isColour(channels))
    throw oalError("OAL-I149", {
      input: name,
      problem: `takes pictures of ${channels} channels, not of 3 or 1`,
    });
  const [height, width] = layout === "nchw" ? [second, last] : [first, second];
  const sizeOf = (size: Dim | undefined): number | null => (typeof size === "number" ? size : null);
  const order = layout === "nchw" ? "channels before the pixels" : "channels behind the pixels";
  return {
    value,
    facts: {
      name,
      layout,
      dtype,
      channels,
      height: sizeOf(height),
      width: sizeOf(width),
      batch: sizeOf(batch),
    },
    evidence: [
      `The input ${name} is ${describe(value)}: ${order}${byShape ? "" : ", as the first convolution takes them"}.`,
    ],
  };
}

/** Follows the input to the first convolution, through arithmetic and transpositions: which axis are its channels? */
function channelsByReader(
  input: Value,
  readers: ReadonlyMap<Value, readonly Node[]>,
): { layout: "nchw" | "nhwc"; channels: number } | null {
  const pending: { readonly value: Value; readonly order: readonly number[] }[] = [
    { value: input, order: [0, 1, 2, 3] },
  ];
  for (const { value, order } of pending) {
    if (pending.length > 64) return null;
    for (const node of readers.get(value) ?? []) {
      const type = typeOf(node);
      if (type === "Conv" && node.inputs[0] === value) {
        const found = channelsOf(node, order);
        if (found) return found;
      }
      const { perm } = node.attributes;
      const isTurned = type === "Transpose" && typeof perm === "object" && perm.length === 4;
      const [next] = node.outputs;
      if (next && (isTurned || passing.has(type)))
        pending.push({ value: next, order: isTurned ? perm.map((axis) => order[axis] ?? 0) : order });
    }
  }
  return null;
}

/** What a convolution takes; `order` says which axis of the input stands at each of its places. */
function channelsOf(
  node: Node,
  order: readonly number[],
): { layout: "nchw" | "nhwc"; channels: number } | null {
  const weight = node.inputs[1]?.knownType?.shape;
  const group = node.attributes["group"] ?? 1;
  const channels = typeof weight?.[1] === "number" && typeof group === "number" ? weight[1] * group : null;
  if (channels === null || (order[1] !== 1 && order[1] !== 3)) return null;
  return { layout: order[1] === 1 ? "nchw" : "nhwc", channels };
}

const passing = new Set([
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Cast",
  "Identity",
  "BatchNormalization",
  "Pad",
  "Clip",
  "QuantizeLinear",
  "DequantizeLinear",
]);

/** What a model without a picture as input is. */
function withoutPictures(inputs: readonly Value[]): string {
  if (inputs.length === 0) return "it has no input";
  const list = inputs.map((value) => `${value.name} ${describe(value)}`).join(", ");
  const isText = inputs.some(
    ({ name, dtype }) => /^int(32|64)$/.test(dtype) && /ids|token|mask|text|word|input/i.test(name),
  );
  if (isText) return `it is a language model: it takes tokens (${list}), no pictures`;
  if (inputs.some(({ rank }) => rank === 5)) return `it takes videos or volumes (${list}), no pictures`;
  return `it takes no pictures: its input${inputs.length > 1 ? "s are" : " is"} ${list}`;
}
