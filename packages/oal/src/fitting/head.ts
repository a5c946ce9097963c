/**
 * A linear head on features: multinomial logistic regression with an L2 penalty on its weights. Loss and gradient are one graph, which
 * is prepared once for all fits on the same rows: parts of them, without a class, at any strength.
 */
import {
  add,
  float32Data,
  float32Tensor,
  gemm,
  gradients,
  Graph,
  logSoftmax,
  mul,
  neg,
  oalError,
  reduceSum,
  type Engine,
  type Session,
  type Tensor,
} from "oal-core";
import { minimise } from "./minimise.js";

/** Features with their classes. */
export interface LabelledRows {
  /** float32 [n, width], flat. */
  readonly features: Float32Array;
  readonly width: number;
  /** Class indices [n]. */
  readonly labels: Int32Array;
  /** Number of classes C, at least 2. */
  readonly classes: number;
}

/** A linear head: logits = features W^T + b. */
export interface LinearHead {
  /** W, float32 [C, width]. */
  readonly weight: Tensor;
  /** b, float32 [C]. */
  readonly bias: Tensor;
}

/** One fit. */
export interface HeadOptions {
  /**
   * Strength of the penalty: loss = mean cross-entropy + strength / 2 |W|^2, where features are centred and scaled to a mean square
   * length of 1, so that a strength means the same for every model.
   */
  readonly strength: number;
  /** The rows that count, by index. Default: all. */
  readonly rows?: readonly number[] | undefined;
  /** A class that is not there: none of its rows counts, and its logit is minus infinity. */
  readonly without?: number | undefined;
  /**
   * Where to begin; default: zeros. A head that has seen rows which do not count now is no place to begin: a weak penalty leaves what it
   * knew of them.
   */
  readonly start?: FittedHead | undefined;
}

/** A fitted head in the scale of the fit; `HeadFitter.head` gives it in that of the features. */
export interface FittedHead {
  /** W flat, then b: [C * width + C]. */
  readonly point: Float64Array;
  /** Mean cross-entropy and penalty, in nats. */
  readonly loss: number;
  readonly steps: number;
}

/** What is added to the logit of a class that is not there: nothing of it is left in float32. */
const absent = -1e4;

/** Largest entry of the gradient of a fitted head. */
const tolerance = 1e-6;

/** Steps of a fit; strong penalties take twenty, weak ones a few hundred. */
const mostSteps = 300;

/** Fits heads on the same rows. */
export class HeadFitter {
  readonly #session: Session;
  readonly #rows: LabelledRows;
  readonly #mean: Float64Array;
  readonly #scale: number;
  readonly #onStep: () => void;

  private constructor(
    session: Session,
    rows: LabelledRows,
    { mean, scale }: { readonly mean: Float64Array; readonly scale: number },
    onStep: () => void,
  ) {
    this.#session = session;
    this.#rows = rows;
    this.#mean = mean;
    this.#scale = scale;
    this.#onStep = onStep;
  }

  /**
   * Prepares fits.
   *
   * @param rows  at least one, with features that are numbers
   * @param onStep  called before every evaluation; what it throws ends the fit
   */
  static async prepare(
    engine: Engine,
    rows: LabelledRows,
    onStep: () => void = () => undefined,
  ): Promise<HeadFitter> {
    const centred = centre(rows);
    const session = await engine.compile(lossGraph(rows, centred.features));
    return new HeadFitter(session, rows, centred, onStep);
  }

  /** Fits a head. Deterministic. */
  async fit({ strength, rows, without, start }: HeadOptions): Promise<FittedHead> {
    const { width, classes } = this.#rows;
    const size = classes * width;
    const found = await minimise(
      async (point) => {
        const outputs = await this.#session.run(this.#feeds(point, { strength, rows, without }));
        const of = (name: string): Float32Array => {
          const tensor = outputs[name];
          if (!tensor) throw oalError("OAL-X101", { problem: `the graph of a head gives no ${name}` });
          return float32Data(tensor);
        };
        const gradient = new Float64Array(point.length);
        gradient.set(of("weightGradient"));
        gradient.set(of("biasGradient"), size);
        return { value: of("loss")[0] ?? Number.NaN, gradient };
      },
      start?.point ?? new Float64Array(size + classes),
      { tolerance, steps: mostSteps, onEvaluation: this.#onStep },
    );
    return { point: found.point, loss: found.value, steps: found.steps };
  }

  /** Mean cross-entropy of a fitted head on some rows, in nats. */
  async crossEntropy({ point }: FittedHead, rows: readonly number[], without?: number): Promise<number> {
    const { loss } = await this.#session.run(this.#feeds(point, { strength: 0, rows, without }), ["loss"]);
    return loss ? (float32Data(loss)[0] ?? Number.NaN) : Number.NaN;
  }

  /**
   * A fitted head for the features as they are.
   *
   * @param without  a class that is left out of it: the head has C - 1 rows, in the order of the others
   */
  head({ point }: FittedHead, without?: number): LinearHead {
    const { width, classes } = this.#rows;
    const kept = Array.from({ length: classes }, (_, c) => c).filter((c) => c !== without);
    const weight = new Float32Array(kept.length * width);
    const bias = new Float32Array(kept.length);
    kept.forEach((c, row) => {
      let shift = 0;
      for (let j = 0; j < width; j++) {
        const value = (point[c * width + j] ?? 0) * this.#scale;
        weight[row * width + j] = value;
        shift += value * (this.#mean[j] ?? 0);
      }
      bias[row] = (point[classes * width + c] ?? 0) - shift;
    });
    return { weight: float32Tensor([kept.length, width], weight), bias: float32Tensor([kept.length], bias) };
  }

  /** Frees the engine's memory. */
  async release(): Promise<void> {
    await this.#session.release();
  }

  #feeds(point: Float64Array, { strength, rows, without }: HeadOptions): Record<string, Tensor> {
    const { labels, width, classes } = this.#rows;
    const size = classes * width;
    const counted = (rows ?? Array.from(labels.keys())).filter((row) => labels[row] !== without);
    const share = new Float32Array(labels.length);
    for (const row of counted) share[row] = 1 / counted.length;
    const mask = Float32Array.from({ length: classes }, (_, c) => (c === without ? absent : 0));
    return {
      share: float32Tensor([labels.length, 1], share),
      mask: float32Tensor([classes], mask),
      strength: float32Tensor([], [strength]),
      weight: float32Tensor([classes, width], new Float32Array(point.subarray(0, size))),
      bias: float32Tensor([classes], new Float32Array(point.subarray(size))),
    };
  }
}

/** Features around their mean, with a mean square length of 1. */
function centre({ features, width }: LabelledRows): {
  readonly features: Float32Array;
  readonly mean: Float64Array;
  readonly scale: number;
} {
  const count = features.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < features.length; i++) {
    const j = i % width;
    mean[j] = (mean[j] ?? 0) + (features[i] ?? 0) / count;
  }
  let squares = 0;
  for (let i = 0; i < features.length; i++) squares += ((features[i] ?? 0) - (mean[i % width] ?? 0)) ** 2;
  const scale = squares > 0 ? Math.sqrt(count / squares) : 1;
  return { features: features.map((value, i) => (value - (mean[i % width] ?? 0)) * scale), mean, scale };
}

/** Loss and gradients of a head, as a function of weight and bias. */
function lossGraph({ width, labels, classes }: LabelledRows, features: Float32Array): Graph {
  const graph = new Graph();
  const count = labels.length;
  const hot = new Float32Array(count * classes);
  labels.forEach((label, i) => (hot[i * classes + label] = 1));
  const rows = graph.constant(float32Tensor([count, width], features), "features");
  const targets = graph.constant(float32Tensor([count, classes], hot), "targets");
  const weight = graph.input("weight", { dtype: "float32", shape: [classes, width] });
  const bias = graph.input("bias", { dtype: "float32", shape: [classes] });
  const mask = graph.input("mask", { dtype: "float32", shape: [classes] });
  const share = graph.input("share", { dtype: "float32", shape: [count, 1] });
  const strength = graph.input("strength", { dtype: "float32", shape: [] });
  const logits = gemm(rows, weight, add(bias, mask), { transB: true });
  const crossEntropy = neg(reduceSum(mul(mul(targets, share), logSoftmax(logits, 1)), [0, 1]));
  const penalty = mul(mul(reduceSum(mul(weight, weight), [0, 1]), strength), 0.5);
  const loss = add(crossEntropy, penalty);
  const [weightGradient, biasGradient] = gradients(loss, [weight, bias]);
  if (!weightGradient || !biasGradient) throw oalError("OAL-X101", { problem: "a head without gradients" });
  graph.output("loss", loss);
  graph.output("weightGradient", weightGradient);
  graph.output("biasGradient", biasGradient);
  return graph;
}

/** Applies linear heads: one session for all heads, whatever their classes and however many the pictures. */
export class HeadRunner {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  /** Prepares it. */
  static async open(engine: Engine): Promise<HeadRunner> {
    const graph = new Graph();
    const rows = graph.input("features", { dtype: "float32", shape: ["n", "width"] });
    const weight = graph.input("weight", { dtype: "float32", shape: ["classes", "width"] });
    const bias = graph.input("bias", { dtype: "float32", shape: ["classes"] });
    graph.output("logits", gemm(rows, weight, bias, { transB: true }));
    return new HeadRunner(await engine.compile(graph));
  }

  /** Logits of a head, float32 [n, C] flat. @param features  float32 [n, width], flat */
  async logits({ weight, bias }: LinearHead, features: Float32Array): Promise<Float32Array> {
    const [classes = 0, width = 0] = weight.shape;
    const count = features.length / width;
    if (count === 0) return new Float32Array();
    const feeds = { features: float32Tensor([count, width], features), weight, bias };
    const { logits } = await this.#session.run(feeds);
    if (!logits) throw oalError("OAL-X101", { problem: `a head of ${classes} classes gave no logits` });
    return float32Data(logits);
  }

  /** Frees the engine's memory. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}
