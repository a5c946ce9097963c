/** Shared shape rule and reference of one- and two-operand elementwise operators; each operator adds its own parts. */
import {
  ShapeProblem,
  type AttributeKind,
  type Attributes,
  type GradientRule,
  type Operator,
  type TestPoint,
} from "../operator.js";
import { differenceOf, isAtLeast } from "../dims.js";
import { elementsAt, joinedElements } from "../elements.js";
import type { Dim, DType, Shape, ValueType } from "../tensor.js";
import { floatAt, signedAt, tensorAt, typeAt } from "./access.js";
import { broadcastShapes, mapBroadcast } from "./broadcasting.js";

interface UnaryParts {
  readonly sinceOpset: number;
  readonly attributes?: Readonly<Record<string, AttributeKind>>;
  readonly compute: (x: number, attributes: Attributes) => number;
  readonly gradient: GradientRule | "none";
  /** Whether integers are taken too. Default false. */
  readonly takesIntegers?: boolean;
  /** The result for an open size; left out where it says nothing about sizes. */
  readonly elements?: (size: Dim) => Dim;
  /** Test points: [3, 4] values in this range, once per entry of attributes. */
  readonly range?: readonly [number, number];
  readonly testAttributes?: readonly Attributes[];
}

/** An operator y = f(x) on float tensors. */
export function unary(name: string, parts: UnaryParts): Operator {
  const input = { dtype: "float32", shape: [3, 4], range: parts.range ?? [-2, 2] } as const;
  const { elements } = parts;
  return {
    name,
    sinceOpset: parts.sinceOpset,
    attributes: parts.attributes ?? {},
    infer: (inputs) => [(parts.takesIntegers === true ? signedAt : floatAt)(inputs, 0)],
    ...(elements ? { elements: (inputs) => [elementsAt(inputs, 0).map(elements)] } : {}),
    gradient: parts.gradient,
    elementwise: true,
    reference: (inputs, attributes) => {
      const x = tensorAt(inputs, 0);
      return [mapBroadcast([x], x.dtype, (element) => parts.compute(element, attributes))];
    },
    testPoints: (parts.testAttributes ?? [{}]).map((attributes) => ({ inputs: [input], attributes })),
  };
}

interface BinaryParts {
  readonly sinceOpset: number;
  readonly compute: (a: number, b: number) => number;
  readonly gradient: GradientRule | "none";
  /** The result for two sizes of which one is open; undefined where that decides it. Numbers go through `compute`. */
  readonly join?: (a: Dim, b: Dim) => Dim | undefined;
  /** Element type of the result; the operands' when left out. */
  readonly result?: DType;
  readonly ranges?: readonly [readonly [number, number], readonly [number, number]];
}

/** An operator of two broadcast operands of one element type. */
export function binary(name: string, parts: BinaryParts): Operator {
  return {
    name,
    sinceOpset: parts.sinceOpset,
    attributes: {},
    infer: (inputs) => {
      const { shape, dtype } = sameTyped(inputs, [0, 1]);
      return [{ dtype: parts.result ?? dtype, shape }];
    },
    ...elementsRule(parts.join),
    gradient: parts.gradient,
    elementwise: true,
    reference: (inputs) => {
      const [a, b] = [tensorAt(inputs, 0), tensorAt(inputs, 1)];
      return [mapBroadcast([a, b], parts.result ?? a.dtype, parts.compute)];
    },
    testPoints: binaryPoints(parts.ranges),
  };
}

/** The rule of elements of a function of two sizes. */
export function elementsRule(join: BinaryParts["join"]): Pick<Operator, "elements"> {
  return join ? { elements: (inputs) => [joinedElements(inputs, join)] } : {};
}

/** Of two sizes: 1 or 0 where a comparison of their difference with numbers has the same result for every open size. */
export function decided(
  a: Dim,
  b: Dim,
  isTrue: (difference: Dim) => boolean,
  isFalse: (difference: Dim) => boolean,
): Dim | undefined {
  const difference = differenceOf(a, b);
  return isTrue(difference) ? 1 : isFalse(difference) ? 0 : undefined;
}

/** Whether a size is seen to be at most this number whatever its open sizes are. */
export function isAtMost(size: Dim, most: number): boolean {
  return isAtLeast(differenceOf(0, size), -most);
}

/** The broadcast type of operands that must share one element type. */
export function sameTyped(inputs: readonly (ValueType | null)[], indices: readonly number[]): ValueType {
  const types = indices.map((index) => typeAt(inputs, index));
  const dtype = types[0]?.dtype ?? "float32";
  if (types.some((type) => type.dtype !== dtype)) {
    throw new ShapeProblem(`element types differ: ${types.map((type) => type.dtype).join(" and ")}`);
  }
  return { dtype, shape: broadcastShapes(...types.map((type) => type.shape)) };
}

/** Test points of two operands that stretch to one another; default ranges [-2, 2]. */
export function binaryPoints(
  [first, second]: NonNullable<BinaryParts["ranges"]> = [
    [-2, 2],
    [-2, 2],
  ],
): readonly TestPoint[] {
  const pairs: readonly (readonly [Shape, Shape])[] = [
    [
      [2, 3],
      [2, 3],
    ],
    [
      [2, 3, 2],
      [3, 1],
    ],
    [
      [4, 1],
      [2, 1, 3],
    ],
    [[], [3]],
  ];
  return pairs.map(([a, b]) => ({
    inputs: [
      { dtype: "float32", shape: a, range: first },
      { dtype: "float32", shape: b, range: second },
    ],
  }));
}
