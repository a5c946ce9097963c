/** A bundle made ready: opened and compiled once, then asked about any number of pictures. */
import { availableParallelism } from "node:os";
import {
  expectArguments,
  float32Data,
  kind,
  kinds,
  oalError,
  toNumbers,
  uint8Tensor,
  type Decision,
  type Engine,
  type Session,
  type Tensor,
} from "oal-core";
import { passRows } from "../runtime/passRows.js";
import { inBatches } from "./ahead.js";
import type { BundleFacts, StoredDetector } from "./facts.js";
import {
  aPicture,
  loadPicture,
  named,
  type LoadedPicture,
  type NamedPicture,
  type Picture,
} from "./pictures.js";
import { readBundle, storedDetector } from "./read.js";
import type { RankedLabel, ScoreResult } from "./scoreResult.js";

/** How a model is asked. */
export interface ScorerOptions {
  /** What computes. */
  readonly engine: Engine;
  /** Id of a detector that the model holds. Default: the one that decides. */
  readonly detector?: string;
  /** Score from which a picture is known. Default: the model's own cut. */
  readonly threshold?: number;
  /** How many of the most probable classes a result names; fewer where there are fewer. Default 5. */
  readonly top?: number;
  /** Pictures of 32 pixels a side that `stream` computes at once; of larger ones fewer. Default 64. Scores do not depend on it. */
  readonly batchSize?: number;
}

/** How pictures are streamed. */
export interface StreamOptions {
  /** Stops between batches. */
  readonly signal?: AbortSignal;
}

const anInput = kind(
  "an array or another (asynchronous) iterable of pictures",
  (value) =>
    typeof value === "object" &&
    value !== null &&
    (Symbol.iterator in value || Symbol.asyncIterator in value),
);

/** A classifier that knows what it does not know. */
export class Scorer {
  /** The bundle's file. */
  readonly path: string;
  /** What it says of itself. */
  readonly facts: BundleFacts;
  /** Id of the detector that is asked. */
  readonly detector: string;
  /** Its calibration. */
  readonly decision: Decision;
  /** Score from which a picture is known. */
  readonly threshold: number;
  readonly #session: Session;
  readonly #stored: StoredDetector;
  readonly #ownCut: boolean;
  readonly #top: number;
  readonly #batch: number;
  #released = false;

  private constructor(
    path: string,
    facts: BundleFacts,
    session: Session,
    options: Omit<ScorerOptions, "engine">,
  ) {
    const { detector, threshold, top = 5, batchSize = 64 } = options;
    this.path = path;
    this.facts = facts;
    this.#session = session;
    this.#stored = storedDetector(facts, detector);
    this.detector = this.#stored.id;
    this.decision = this.#stored.decision;
    this.threshold = threshold ?? this.decision.cuts.unknown;
    this.#ownCut = threshold === undefined;
    this.#top = Math.min(top, facts.classNames.length);
    this.#batch = passRows(batchSize, facts.preprocessing.crop);
  }

  /**
   * Opens a bundle.
   *
   * @param path its file
   * @throws OAL-E214 for a detector that it does not hold, OAL-R101 when the engine refuses it, the errors of `readBundle`
   */
  static async open(path: string, { engine, ...options }: ScorerOptions): Promise<Scorer> {
    const facts = await readBundle(path);
    storedDetector(facts, options.detector);
    return new Scorer(path, facts, await engine.open(path), options);
  }

  /**
   * Scores one picture. One that cannot be read gives a result with an error.
   *
   * @param picture a path, the bytes of a file, or pixels; with a name as `{ id, picture }`
   * @throws OAL-C120 for what is no picture at all, OAL-E215 after `release`
   */
  async score(picture: Picture | NamedPicture): Promise<ScoreResult> {
    expectArguments("Scorer.score", { picture: [picture, aPicture] });
    const [result] = await this.#results([await this.#load(picture, "picture")]);
    if (!result) throw oalError("OAL-X101", { problem: "a picture without a result" });
    return result;
  }

  /**
   * Scores pictures one after the other, in batches; while a batch is computed the next ones are decoded. Every picture gives a
   * result, in the order given, one that cannot be read too.
   *
   * @param pictures names of files, bytes, pixels, or `{ id, picture }`; pictures without a name are called by their number from 0
   * @throws OAL-C120 for what is no picture at all, OAL-E215 after `release`, the signal's reason
   */
  async *stream(
    pictures: Iterable<Picture | NamedPicture> | AsyncIterable<Picture | NamedPicture>,
    { signal }: StreamOptions = {},
  ): AsyncGenerator<ScoreResult, void, undefined> {
    expectArguments("Scorer.stream", {
      pictures: [pictures, anInput],
      signal: [signal, kinds.optional(kinds.signal)],
    });
    const load = (picture: Picture | NamedPicture, index: number): Promise<LoadedPicture> =>
      this.#load(picture, String(index));
    const workers = Math.min(4, availableParallelism());
    for await (const batch of inBatches(pictures, load, { batch: this.#batch, workers })) {
      signal?.throwIfAborted();
      for (const result of await this.#results(batch)) {
        yield result;
        signal?.throwIfAborted();
      }
    }
  }

  /** Frees the engine's memory. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#session.release();
  }

  async #load(picture: Picture | NamedPicture, name: string): Promise<LoadedPicture> {
    expectArguments("Scorer.stream", { picture: [picture, aPicture] });
    return loadPicture(named(picture, name), this.facts.preprocessing);
  }

  /** What the model says of those that could be read, in one run. */
  async #results(batch: readonly LoadedPicture[]): Promise<ScoreResult[]> {
    if (this.#released) throw oalError("OAL-E215", {});
    const readable = batch.flatMap(({ planes }) => (planes ? [planes] : []));
    const said = readable.length === 0 ? null : await this.#run(readable);
    let row = 0;
    return batch.map(({ id, error }) => {
      if (error) return unreadable(id, this.detector, error);
      return said ? said(id, row++) : unreadable(id, this.detector, oalError("OAL-X101", { problem: id }));
    });
  }

  async #run(planes: readonly Uint8Array[]): Promise<(id: string, row: number) => ScoreResult> {
    const { crop } = this.facts.preprocessing;
    const pixels = new Uint8Array(planes.length * 3 * crop * crop);
    planes.forEach((each, i) => pixels.set(each, i * each.length));
    const names = this.#stored.outputs;
    const wanted = [
      "logits",
      names.score,
      names.pValue,
      names.known,
      ...(names.ask === undefined ? [] : [names.ask]),
    ];
    const images = uint8Tensor([planes.length, 3, crop, crop], pixels);
    const outputs = await this.#session.run({ images }, wanted);
    const of = (name: string): Tensor => {
      const found = outputs[name];
      if (!found) throw oalError("OAL-X101", { problem: `${this.path} gave no ${name}` });
      return found;
    };
    const logits = float32Data(of("logits"));
    const [scores, pValues, known] = [names.score, names.pValue, names.known].map((name) =>
      toNumbers(of(name)),
    );
    const asks = names.ask === undefined ? undefined : toNumbers(of(names.ask));
    const width = logits.length / planes.length;
    return (id, row) => {
      const score = scores?.[row] ?? Number.NaN;
      if (Number.isNaN(score)) {
        const error = oalError("OAL-E216", { path: this.path, detector: this.detector, id });
        return unreadable(id, this.detector, error);
      }
      const top = this.#ranked(logits.subarray(row * width, (row + 1) * width));
      const isKnown = this.#ownCut ? known?.[row] === 1 : score >= this.threshold;
      return {
        id,
        known: isKnown,
        ...(asks ? { ask: isKnown && asks[row] === 1 } : {}),
        label: top[0]?.label ?? "",
        confidence: top[0]?.confidence ?? 0,
        pValue: pValues?.[row] ?? 0,
        score,
        detector: this.detector,
        top: top.slice(0, this.#top),
      };
    };
  }

  /** Classes by probability, the first of equals first. */
  #ranked(logits: Float32Array): RankedLabel[] {
    const largest = logits.reduce((most, value) => Math.max(most, value), -Infinity);
    const sum = logits.reduce((all, value) => all + Math.exp(value - largest), 0);
    const order = Array.from(logits, (value, index) => ({ value, index }));
    order.sort((a, b) => b.value - a.value);
    return order.slice(0, Math.max(1, this.#top)).map(({ value, index }) => ({
      label: this.facts.classNames[index] ?? String(index),
      confidence: Math.exp(value - largest) / sum,
    }));
  }
}

function unreadable(
  id: string,
  detector: string,
  error: Extract<ScoreResult, { known: null }>["error"],
): ScoreResult {
  return {
    id,
    known: null,
    label: null,
    confidence: null,
    pValue: null,
    score: null,
    detector,
    top: [],
    error,
  };
}
