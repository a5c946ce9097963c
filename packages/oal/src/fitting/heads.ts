/** The last layers of a subject: whole, fitted on a part of the training pictures, without a class. */
import {
  float32Data,
  float32Tensor,
  gather,
  int64Tensor,
  oalError,
  replaceHead,
  type Classifier,
  type Engine,
  type FitHead,
} from "oal-core";
import { headNumbers } from "../evaluation/modelTaps.js";
import { HeadFitter, HeadRunner } from "./head.js";
import type { Subject } from "./subject.js";

/** Numbers of pictures as a head is fitted and applied on them. */
export interface TrainingRows {
  /** What the head reads, float32 [n, width]. */
  readonly data: Float32Array;
  readonly width: number;
  /** Class indices [n]. */
  readonly labels: Int32Array;
}

/** A way to logits. */
export interface LogitSource {
  /** Number of logits. */
  readonly classes: number;
  /** The last layer as numbers, where there is one. */
  readonly head: FitHead | undefined;
  /** Logits of pictures, flat [n, classes]. */
  logits(numbers: PictureNumbers): Promise<Float32Array>;
}

/** What the model says of some pictures. */
export interface PictureNumbers {
  readonly count: number;
  /** What a head reads, float32 [n, width] flat. */
  readonly read: Float32Array;
  /** The model's own logits, flat; absent where they are not kept. */
  readonly own?: Float32Array | undefined;
}

/** Which pictures a head is fitted on. */
export interface HeadScope {
  /** Rows of the training part; default: all. */
  readonly rows?: readonly number[] | undefined;
  /** A class that is left out. */
  readonly without?: number | undefined;
}

/** Makes heads of a subject: whole, on a part of the training pictures, without a class. */
export class Heads {
  readonly #subject: Subject;
  /** New heads are fitted by the one and applied by the other; undefined for any other head. */
  readonly #fitter: HeadFitter | undefined;
  readonly #runner: HeadRunner | undefined;
  readonly #ownHead: FitHead | undefined;
  /** Strength of the penalty of new heads; chosen before heads are made. */
  strength = 0;

  private constructor(
    subject: Subject,
    fitter: HeadFitter | undefined,
    runner: HeadRunner | undefined,
    ownHead: FitHead | undefined,
  ) {
    this.#subject = subject;
    this.#fitter = fitter;
    this.#runner = runner;
    this.#ownHead = ownHead;
  }

  /** @param onStep  called before every evaluation of a loss; what it throws ends the fit */
  static async open(
    engine: Engine,
    subject: Subject,
    training: TrainingRows,
    onStep: () => void,
  ): Promise<Heads> {
    const { kind, model, classNames } = subject;
    if (kind === "new") {
      const { data: features, width, labels } = training;
      const rows = { features, width, labels, classes: classNames.length };
      const runner = await HeadRunner.open(engine);
      return new Heads(subject, await HeadFitter.prepare(engine, rows, onStep), runner, undefined);
    }
    const source = {
      batch: 1,
      size: model.preprocessing.crop,
      build: (): Classifier => model.classifier(),
    };
    const own = kind === "none" ? undefined : await headNumbers(engine, source);
    return new Heads(subject, undefined, undefined, own && rowsOfHead(own, subject.rows));
  }

  /** The fitter of new heads; undefined for any other head. */
  get fitter(): HeadFitter | undefined {
    return this.#fitter;
  }

  /** A head of a scope. */
  async at({ rows, without }: HeadScope = {}): Promise<LogitSource> {
    const { kind, reads, classNames, model } = this.#subject;
    const runner = this.#runner;
    if (this.#fitter && runner) {
      const fitted = await this.#fitter.fit({ strength: this.strength, rows, without });
      const head = this.#fitter.head(fitted, without);
      const count = head.weight.shape[0] ?? 0;
      return { classes: count, head, logits: ({ read }) => runner.logits(head, read) };
    }
    const kept = Array.from(classNames.keys()).filter((c) => c !== without);
    if (kind === "none") return noHead;
    const all = model.facts.logits?.classes ?? 0;
    const picked = kept.map((c) => this.#subject.rows[c] ?? 0);
    return {
      classes: kept.length,
      head: this.#ownHead && reads === "features" ? rowsOfHead(this.#ownHead, kept) : undefined,
      logits: async ({ count, own = new Float32Array() }) => {
        await Promise.resolve();
        const logits = new Float32Array(count * picked.length);
        for (let i = 0; i < count; i++)
          picked.forEach((from, to) => (logits[i * picked.length + to] = own[i * all + from] ?? 0));
        return logits;
      },
    };
  }

  /** Builds the classifier with a whole head, in a graph of its own each time; no outputs are marked. */
  classifier(source: LogitSource): () => Classifier {
    const { kind, model, rows, reads } = this.#subject;
    const { head } = source;
    return () => {
      const own = model.classifier();
      if (kind === "own") return own;
      if (kind === "none" || (kind === "new" && head)) {
        const features = own.taps[reads];
        const width = features?.dims[1];
        if (!features || typeof width !== "number") throw oalError("OAL-E251", { tap: reads });
        const numbers = head ?? {
          weight: float32Tensor([1, width], new Float32Array(width)),
          bias: float32Tensor([1], [0]),
        };
        const made = replaceHead(
          { graph: own.graph, taps: { ...own.taps, features } },
          numbers.weight,
          numbers.bias,
        );
        return reads === "features" ? made : { graph: made.graph, taps: withoutFeatures(made.taps) };
      }
      if (head) return replaceHead(own, head.weight, head.bias);
      const indices = own.graph.constant(int64Tensor([rows.length], [...rows]), "known.rows");
      const { head: _head, ...taps } = own.taps;
      return { graph: own.graph, taps: { ...taps, logits: gather(own.taps.logits, indices, 1) } };
    };
  }

  /** Frees the engine's memory. */
  async release(): Promise<void> {
    await this.#fitter?.release();
    await this.#runner?.release();
  }
}

function withoutFeatures({
  features: _features,
  head: _head,
  ...taps
}: Classifier["taps"]): Classifier["taps"] {
  return taps;
}

/** One class: its logit is 0, whatever the picture. */
const noHead: LogitSource = {
  classes: 1,
  head: undefined,
  logits: async ({ count }) => {
    await Promise.resolve();
    return new Float32Array(count);
  },
};

function rowsOfHead({ weight, bias }: FitHead, rows: readonly number[]): FitHead {
  const [, width = 0] = weight.shape;
  const [from, shift] = [float32Data(weight), float32Data(bias)];
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, i) => data.set(from.subarray(row * width, (row + 1) * width), i * width));
  return {
    weight: float32Tensor([rows.length, width], data),
    bias: float32Tensor(
      [rows.length],
      rows.map((row) => shift[row] ?? 0),
    ),
  };
}
