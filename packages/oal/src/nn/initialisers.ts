/**
 * How parameters start: PyTorch's default distributions and the few special ones the networks need.
 * An initialiser is a function of shape and a counter-based stream, so a parameter's start depends on its name and the seed only.
 */
import { expectArguments, kind, kinds, Random, type Shape } from "oal-core";

/** Draws the first value of a parameter: shape and the parameter's own stream in, row-major float32 data out. */
export type Initializer = (shape: Shape, random: Random) => Float32Array;

function countOf(shape: Shape): number {
  expectArguments("initialiser", { shape: [shape, kinds.sizes] });
  return shape.reduce((product, size) => product * size, 1);
}

const aStream = kind("a Random", (value) => value instanceof Random);

function streamOf(random: Random): Random {
  expectArguments("initialiser", { random: [random, aStream] });
  return random;
}

/** Inputs that meet in one output: shape[1] times the kernel size. Weights are [out, in, ...kernel]. */
export function fanIn(shape: Shape): number {
  expectArguments("initialiser", { shape: [shape, kinds.sizes] });
  return countOf(shape.slice(1));
}

/** Every element the same number. */
export function filled(value: number): Initializer {
  return (shape) => new Float32Array(countOf(shape)).fill(value);
}

/** Zeros. */
export const zeros: Initializer = filled(0);

/** Ones. */
export const ones: Initializer = filled(1);

/** Uniform on [-bound, bound). */
export function uniform(bound: number): Initializer {
  return (shape, random) =>
    streamOf(random)
      .uniforms(0, countOf(shape))
      .map((u) => bound * (2 * u - 1));
}

/** Normal with mean 0 and the given standard deviation. */
export function normal(deviation: number): Initializer {
  return (shape, random) =>
    streamOf(random)
      .normals(0, countOf(shape))
      .map((z) => deviation * z);
}

/** PyTorch's default for the weights of linear and convolution layers: uniform ± 1/sqrt(fan in) (Kaiming uniform with a = sqrt(5)). */
export const defaultWeight: Initializer = (shape, random) =>
  uniform(1 / Math.sqrt(Math.max(1, fanIn(shape))))(shape, random);

/** PyTorch's default for the bias that goes with a weight of this shape: uniform ± 1/sqrt(fan in of the weight). */
export function defaultBias(weightShape: Shape): Initializer {
  return uniform(1 / Math.sqrt(Math.max(1, fanIn(weightShape))));
}

/** Kaiming normal for ReLU networks: deviation sqrt(2 / fan in). He et al. 2015, equation 10. */
export const kaimingNormal: Initializer = (shape, random) =>
  normal(Math.sqrt(2 / Math.max(1, fanIn(shape))))(shape, random);

/** Kaiming normal by the outputs that one input meets: deviation sqrt(2 / (out x kernel size)). He et al. 2015, equation 14. */
export const kaimingNormalFanOut: Initializer = (shape, random) =>
  normal(Math.sqrt(2 / Math.max(1, countOf([shape[0] ?? 1, ...shape.slice(2)]))))(shape, random);

/** Xavier uniform: bound sqrt(6 / (fan in + fan out)). Glorot and Bengio 2010, equation 16. */
export const xavierUniform: Initializer = (shape, random) => {
  const inputs = fanIn(shape);
  const fanOut = (shape[0] ?? 1) * countOf(shape.slice(2));
  return uniform(Math.sqrt(6 / Math.max(1, inputs + fanOut)))(shape, random);
};

/**
 * The default weight, but the first min(out, in) filters pass one input channel through unchanged (centre tap 1, all else 0).
 * Shape [out, in, kh, kw]. Source: airbench (Keller Jordan), `torch.nn.init.dirac_(w[:w.size(1)])`.
 */
export const partialIdentity: Initializer = (shape, random) => {
  const data = defaultWeight(shape, random);
  const [outputs = 0, inputs = 0, height = 1, width = 1] = shape;
  const area = height * width;
  for (let channel = 0; channel < Math.min(outputs, inputs); channel++) {
    data.fill(0, channel * inputs * area, (channel + 1) * inputs * area);
    data[(channel * inputs + channel) * area + Math.floor(height / 2) * width + Math.floor(width / 2)] = 1;
  }
  return data;
};
