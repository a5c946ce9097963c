/**
 * Linear forms of values in blocks: factors x + more factors y + offsets, with factors and offsets of channels or of maps (a channel of
 * one image). Normalisation and its gradient, and products and sums with vectors, come down to one such form.
 */
import { inputOf, outputOf } from "../../graph/ops/access.js";
import { Add, add } from "../../graph/ops/add.js";
import { BatchNormalization, BatchNormalizationOfBatch } from "../../graph/ops/batchNormalization.js";
import { expand } from "../../graph/ops/expand.js";
import { Mul, mul } from "../../graph/ops/mul.js";
import { neg } from "../../graph/ops/neg.js";
import { reciprocal } from "../../graph/ops/reciprocal.js";
import { Reshape, reshape } from "../../graph/ops/reshape.js";
import { sqrt } from "../../graph/ops/sqrt.js";
import { Sub, sub } from "../../graph/ops/sub.js";
import { float } from "../../graph/operator.js";
import type { Shape } from "../../graph/tensor.js";
import type { Node, Operand, Value } from "../../graph/value.js";
import type { Layout } from "./layout.js";

/** A vector of the copy, [C] or [N, C], or one number for all. */
export type Vector = Operand;

/** One value of the graph with its factors. */
export interface Term {
  readonly x: Value;
  readonly factors: Vector;
}

/** The sum of one or two terms, and offsets. */
export interface Form {
  readonly terms: readonly [Term] | readonly [Term, Term];
  readonly offsets: Vector;
}

/** The form of a value; null where it has none that is simpler to compute than its own node. */
export function formOf(value: Value, layout: Layout): Form | null {
  const known = layout.forms.get(value);
  if (known) return known;
  const { node } = value;
  const shape = layout.shapeOf(value);
  if (!node || !shape) return null;
  const form =
    viewed(node, layout) ??
    normalisation(node, layout) ??
    withVector(node, shape, layout) ??
    combination(node, layout);
  if (form) layout.forms.set(value, form);
  return form;
}

/** The form of a value, or the value itself where it lies in blocks. */
function formOrSelf(value: Value, layout: Layout): Form | null {
  return (
    formOf(value, layout) ??
    (layout.isBlocked(value) ? { terms: [{ x: value, factors: 1 }], offsets: 0 } : null)
  );
}

/** An image and its view have one form; an image of other sizes is none of its views. */
function viewed(node: Node, layout: Layout): Form | null {
  if (node.operator !== Reshape) return null;
  const [x, output] = [inputOf(node, 0), outputOf(node, 0)];
  return haveOneShape(x, output, layout) ? formOf(x, layout) : null;
}

/** Whether two values, images or their views, lie in blocks alike. */
function haveOneShape(a: Value, b: Value, layout: Layout): boolean {
  const shape = layout.shapeOf(a);
  return shape !== null && shape.join() === layout.shapeOf(b)?.join();
}

/** (x - mean) / sqrt(variance + epsilon) * scale + bias. */
function normalisation(node: Node, layout: Layout): Form | null {
  if (node.operator !== BatchNormalization && node.operator !== BatchNormalizationOfBatch) return null;
  const x = formOrSelf(inputOf(node, 0), layout);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => inputOf(node, index));
  if (!x || !scale || !bias || !mean || !variance) return null;
  const epsilon = float(node.attributes, "epsilon", 1e-5);
  // Gradients are written as a normalisation with mean 0 and variance 1.
  if (isAll(mean, 0) && isAll(variance, 1) && epsilon === 0)
    return scaled(x, layout.plain(scale), layout.plain(bias));
  const factors = mul(layout.plain(scale), reciprocal(sqrt(add(layout.plain(variance), epsilon))));
  return scaled(x, factors, sub(layout.plain(bias), mul(layout.plain(mean), factors)));
}

function isAll(vector: Value, number: number): boolean {
  return vector.constant?.data.every((element: number | bigint) => Number(element) === number) ?? false;
}

/** x v, x + v, x - v and v - x, where v is a vector. */
function withVector(node: Node, shape: Shape, layout: Layout): Form | null {
  if (node.operator !== Mul && node.operator !== Add && node.operator !== Sub) return null;
  const [a, b, output] = [inputOf(node, 0), inputOf(node, 1), outputOf(node, 0)];
  const isOfGroups = layout.isView(output);
  const second = vectorOf(b, shape, isOfGroups, layout);
  const vector = second ?? vectorOf(a, shape, isOfGroups, layout);
  const other = second === null ? b : a;
  // One that is stretched too, as an image to those of a batch, has no blocks of the result's sizes.
  if (vector === null || other.dims.join() !== output.dims.join()) return null;
  const x = haveOneShape(other, output, layout) ? formOrSelf(other, layout) : null;
  if (!x) return null;
  if (node.operator === Mul) return scaled(x, vector, 0);
  if (node.operator === Add) return scaled(x, 1, vector);
  return second === null ? scaled(x, -1, vector) : scaled(x, 1, negated(vector));
}

/**
 * A constant number; of an image one for every channel, [C, 1, 1], or every map, [N, C, 1, 1]; of a view the same for every channel of
 * a group, [N, G, 1]; null for any other value. The same sizes mean other things beside an image and beside a view: [C, 1, 1] goes
 * with the images of a view of as many as it has channels.
 *
 * @param shape [N, C, H, W] of the result
 * @param isOfGroups whether the result is a view
 */
function vectorOf(value: Value, shape: Shape, isOfGroups: boolean, layout: Layout): Vector | null {
  if (value.constant?.data.length === 1) return Number(value.constant.data[0]);
  const [images = 1, channels = 1] = shape;
  const sizes = value.knownType?.shape.join() ?? "";
  if (isOfGroups) {
    const groups = value.rank === 3 ? Number(value.dims[1]) : 0;
    if (!(groups > 0) || channels % groups !== 0 || sizes !== `${images},${groups},1`) return null;
    return reshape(expand(layout.plain(value), [images, groups, channels / groups]), [images, channels]);
  }
  // Of the images' own shape, be they of one pixel.
  if (sizes === shape.join()) return null;
  if (channels > 1 && (sizes === `${channels},1,1` || sizes === `1,${channels},1,1`))
    return reshape(layout.plain(value), [channels]);
  if (sizes === `${images},${channels},1,1`) return reshape(layout.plain(value), [images, channels]);
  return null;
}

/** u + v and u - v, where one of them has a form, and both together are made of at most two values. */
function combination(node: Node, layout: Layout): Form | null {
  if (node.operator !== Add && node.operator !== Sub) return null;
  const [u, v] = [inputOf(node, 0), inputOf(node, 1)];
  if (u.dims.join() !== v.dims.join() || !haveOneShape(u, v, layout)) return null;
  if (!(formOf(u, layout) ?? formOf(v, layout))) return null;
  const [first, second] = [formOrSelf(u, layout), formOrSelf(v, layout)];
  if (!first || !second) return null;
  const signed = node.operator === Sub ? scaled(second, -1, 0) : second;
  const offsets = total(first.offsets, signed.offsets);
  const terms: Term[] = [...first.terms];
  for (const { x, factors } of signed.terms) {
    const same = terms.findIndex((term) => term.x === x);
    const before = terms[same];
    if (before) terms[same] = { x, factors: total(before.factors, factors) };
    else terms.push({ x, factors });
  }
  const [one, two, more] = terms;
  if (!one || more) return null;
  return { terms: two ? [one, two] : [one], offsets };
}

function scaled({ terms, offsets }: Form, factors: Vector, added: Vector): Form {
  const scale = (term: Term): Term => ({ x: term.x, factors: product(term.factors, factors) });
  const [first, second] = terms;
  return {
    terms: second ? [scale(first), scale(second)] : [scale(first)],
    offsets: total(product(offsets, factors), added),
  };
}

function product(a: Vector, b: Vector): Vector {
  if (typeof a === "number" && typeof b === "number") return a * b;
  return a === 0 || b === 0 ? 0 : a === 1 ? b : b === 1 ? a : mul(a, b);
}

function total(a: Vector, b: Vector): Vector {
  if (typeof a === "number" && typeof b === "number") return a + b;
  return a === 0 ? b : b === 0 ? a : add(a, b);
}

function negated(a: Vector): Vector {
  return typeof a === "number" ? -a : neg(a);
}
