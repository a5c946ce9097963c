/** How Resize reads one axis: for every element of the result the elements of the input and their weights, as ONNX Runtime counts them. */
import { float, int, ShapeProblem, text, type Attributes } from "../operator.js";
import { at } from "./access.js";

/** The elements that one result is made of, and how much of each. */
export type Taps = readonly (readonly [index: number, weight: number])[];

/** Coordinates are float32 numbers in the engine, which decides ties. */
const f = Math.fround;

/** Where an element of the result lies in the input. */
function coordinateOf(
  attributes: Attributes,
  from: number,
  to: number,
  scale: number,
): (place: number) => number {
  const mode = text(attributes, "coordinate_transformation_mode", "half_pixel");
  switch (mode) {
    case "half_pixel":
      return (place) => f(f(f(place + 0.5) / f(scale)) - 0.5);
    case "pytorch_half_pixel":
      return (place) => (to > 1 ? f(f(f(place + 0.5) / f(scale)) - 0.5) : 0);
    case "asymmetric":
      return (place) => f(place / f(scale));
    case "align_corners":
      return (place) => (to === 1 ? 0 : f(f(place * (from - 1)) / (to - 1)));
    case "half_pixel_symmetric": {
      const adjustment = f(to / f(f(scale) * from));
      const offset = f((from / 2) * f(1 - adjustment));
      return (place) => f(f(offset + f(f(place + 0.5) / f(scale))) - 0.5);
    }
    default:
      throw new ShapeProblem(`coordinate_transformation_mode "${mode}" is not supported`);
  }
}

function nearest(attributes: Attributes): (coordinate: number) => number {
  const mode = text(attributes, "nearest_mode", "round_prefer_floor");
  switch (mode) {
    case "round_prefer_floor":
      return (x) => (x - Math.floor(x) === 0.5 ? Math.floor(x) : Math.round(x));
    case "round_prefer_ceil":
      return (x) => Math.round(x);
    case "floor":
      return Math.floor;
    case "ceil":
      return Math.ceil;
    default:
      throw new ShapeProblem(`nearest_mode "${mode}" is not supported`);
  }
}

/** Weights of the four neighbours of a coordinate, `t` behind the second. */
function cubicWeights(t: number, a: number): readonly number[] {
  const near = (x: number): number => ((a + 2) * x - (a + 3)) * x * x + 1;
  const far = (x: number): number => ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return [far(1 + t), near(t), near(1 - t), far(2 - t)];
}

/** Throws ShapeProblem for attributes whose meaning is not known here. */
export function checkInterpolation(attributes: Attributes): void {
  const mode = text(attributes, "mode", "nearest");
  if (!["nearest", "linear", "cubic"].includes(mode))
    throw new ShapeProblem(`mode "${mode}" is not supported`);
  if (int(attributes, "antialias", 0) !== 0) throw new ShapeProblem("antialiasing is not supported");
  if (int(attributes, "exclude_outside", 0) !== 0) throw new ShapeProblem("exclude_outside is not supported");
  const policy = text(attributes, "keep_aspect_ratio_policy", "stretch");
  if (policy !== "stretch") throw new ShapeProblem(`keep_aspect_ratio_policy "${policy}" is not supported`);
  coordinateOf(attributes, 1, 1, 1);
  nearest(attributes);
}

/**
 * The taps of every element of the result along one axis.
 *
 * @param from size of the input's axis
 * @param to size of the result's
 * @param scale the factor that the node gives, or to / from
 */
export function tapsOf(attributes: Attributes, from: number, to: number, scale: number): readonly Taps[] {
  const coordinate = coordinateOf(attributes, from, to, scale);
  const inside = (index: number): number => Math.max(0, Math.min(from - 1, index));
  return Array.from({ length: to }, (_, place): Taps => {
    const x = coordinate(place);
    switch (text(attributes, "mode", "nearest")) {
      case "linear": {
        const clamped = Math.max(0, Math.min(from - 1, x));
        const [low, share] = [Math.floor(clamped), clamped - Math.floor(clamped)];
        return share === 0
          ? [[low, 1]]
          : [
              [low, 1 - share],
              [inside(low + 1), share],
            ];
      }
      case "cubic": {
        const low = Math.floor(x);
        const weights = cubicWeights(x - low, float(attributes, "cubic_coeff_a", -0.75));
        return weights.map((weight, tap) => [inside(low - 1 + tap), weight] as const);
      }
      default:
        return [[inside(nearest(attributes)(x)), 1]];
    }
  });
}

/** Taps as a matrix [results, elements], row-major. */
export function matrixOf(taps: readonly Taps[], from: number): Float64Array {
  const matrix = new Float64Array(taps.length * from);
  taps.forEach((row, place) =>
    row.forEach(
      ([index, weight]) => (matrix[place * from + index] = at(matrix, place * from + index) + weight),
    ),
  );
  return matrix;
}
