/** Numbers of 8 bits in a graph: tensors made into them and back, as ONNX Runtime fuses them with what stands between. */
import { apply, operators, toNumbers, type Graph, type Tensor, type Value } from "oal-core";

const { QuantizeLinear, DequantizeLinear } = operators;

/** Where the numbers of a tensor lie. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** How whole numbers 0..255 stand for the numbers of a range. */
export interface Steps {
  readonly scale: number;
  /** The whole number of 0. */
  readonly zero: number;
}

/** Steps that cover a range; 0 is always one of them, so that padding and the ends of activations are exact. */
export function stepsOf({ low, high }: Range): Steps {
  const [from, to] = [Math.min(0, low), Math.max(0, high)];
  const scale = Math.fround(Math.max(to - from, 1e-6) / 255);
  return { scale, zero: Math.min(255, Math.max(0, Math.round(-from / scale))) };
}

/** A value through 8 bits and back. */
export function throughBytes(value: Value, { scale, zero }: Steps): Value {
  const { graph } = value;
  const inputs = [
    scaleOf(graph, [scale], []),
    graph.constant({ dtype: "uint8", shape: [], data: Uint8Array.of(zero) }),
  ];
  return apply(DequantizeLinear, [apply(QuantizeLinear, [value, ...inputs]), ...inputs]);
}

/** A weight in whole numbers. */
export interface WeightOfBytes {
  readonly shape: readonly number[];
  readonly bytes: Int8Array;
  /** The axis whose indices have a scale each. */
  readonly axis: number;
  readonly scales: Float32Array;
}

/** A weight in whole numbers, with a scale for each index of an axis. */
export function roundedWeight(weight: Tensor, axis: number): WeightOfBytes {
  const { shape } = weight;
  const scales = weightScales(weight, axis);
  const bytes = Int8Array.from(toNumbers(weight), (element, index) =>
    clamped(element / (scales[channelOf(index, shape, axis)] ?? 1), largestWeight),
  );
  return { shape, bytes, axis, scales };
}

/**
 * What each index of the axis loses by rounding, on inputs of these means: the sum of (weight - rounded weight) mean.
 *
 * @param groups of a convolution
 */
export function meanLoss(
  weight: Tensor,
  { bytes, axis, scales }: WeightOfBytes,
  means: Float64Array,
  groups: number,
): Float64Array {
  const { shape } = weight;
  const inputAxis = axis === 0 ? 1 : 0;
  const [inputs, outputs] = [shape[inputAxis] ?? 1, scales.length / groups];
  const lost = new Float64Array(scales.length);
  toNumbers(weight).forEach((element, index) => {
    const channel = channelOf(index, shape, axis);
    const error = element - (bytes[index] ?? 0) * (scales[channel] ?? 0);
    const input = Math.floor(channel / outputs) * inputs + channelOf(index, shape, inputAxis);
    lost[channel] = (lost[channel] ?? 0) + error * (means[input] ?? 0);
  });
  return lost;
}

/** A weight in whole numbers as a constant. */
export function weightConstant(
  graph: Graph,
  { shape, bytes, axis, scales }: WeightOfBytes,
  name: string,
): Value {
  return dequantised(graph, { dtype: "int8", shape, data: bytes }, scales, axis, name);
}

/** A bias as numbers of 32 bits, in steps of input scale times weight scale. */
export function biasOfSteps(
  graph: Graph,
  bias: ArrayLike<number>,
  scales: Float32Array,
  name: string,
): Value {
  const steps = Int32Array.from(scales, (scale, channel) =>
    clamped((bias[channel] ?? 0) / scale, 2 ** 31 - 1),
  );
  return dequantised(graph, { dtype: "int32", shape: [scales.length], data: steps }, scales, 0, name);
}

/** Largest whole number of a weight. */
const largestWeight = 127;

/**
 * One scale for each index of an axis.
 *
 * Processors without VNNI add the products of two neighbouring weights in 16 bits and cut them off there. So that the same file says
 * the same on every machine, no two neighbours may together be more than 128: 255 times that fits. Neighbours are those of ONNX's order
 * of axes, and of the order with channels last that engines put weights in.
 *
 * @param weight [C, K], [K, C], or [C, K, rows, columns]
 */
function weightScales(weight: Tensor, axis: number): Float32Array {
  const { shape } = weight;
  const values = toNumbers(weight);
  const [channels, each] = [shape[axis] ?? 1, values.length / (shape[axis] ?? 1)];
  const places = shape.length === 4 ? (shape[2] ?? 1) * (shape[3] ?? 1) : 1;
  return Float32Array.from({ length: channels }, (_, channel) => {
    const own = Array.from(
      { length: each },
      (_value, k) => values[axis === 0 ? channel * each + k : k * channels + channel] ?? 0,
    );
    const channelsLast = own.map((_value, k) => {
      const inputs = each / places;
      return own[(k % inputs) * places + Math.floor(k / inputs)] ?? 0;
    });
    // A convolution of one channel each is computed place by place: none of its weights has a neighbour.
    const pairs = shape.length === 4 && shape[1] === 1 ? [] : [largestPair(own), largestPair(channelsLast)];
    const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-8);
    return Math.max(largest, ...pairs) / largestWeight;
  });
}

/** The largest sum of two neighbours, either way; the first two are some, the next two, and so on. */
function largestPair(values: readonly number[]): number {
  let most = 0;
  for (let k = 0; k + 1 < values.length; k += 2)
    most = Math.max(most, Math.abs((values[k] ?? 0) + (values[k + 1] ?? 0)));
  return most;
}

function channelOf(index: number, shape: readonly number[], axis: number): number {
  const behind = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  return Math.floor(index / behind) % (shape[axis] ?? 1);
}

function clamped(value: number, most: number): number {
  return Math.min(most, Math.max(-most, roundHalfEven(value)));
}

function roundHalfEven(value: number): number {
  const low = Math.floor(value);
  const part = value - low;
  return part > 0.5 || (part === 0.5 && low % 2 !== 0) ? low + 1 : low;
}

function dequantised(graph: Graph, tensor: Tensor, scales: Float32Array, axis: number, name: string): Value {
  const zeros = tensor.dtype === "int8" ? new Int8Array(scales.length) : new Int32Array(scales.length);
  const zero = graph.constant({ dtype: tensor.dtype, shape: [scales.length], data: zeros }, `${name}.zero`);
  const value = graph.constant(tensor, name);
  return apply(DequantizeLinear, [value, scaleOf(graph, scales, [scales.length], `${name}.scale`), zero], {
    axis,
  });
}

function scaleOf(graph: Graph, scales: ArrayLike<number>, shape: readonly number[], name?: string): Value {
  return graph.constant({ dtype: "float32", shape, data: Float32Array.from(scales) }, name);
}
