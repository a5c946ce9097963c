/** A bundle made ready: opened and compiled once, then asked about any number of pictures. */
import { availableParallelism } from "node:os";
import {
  answerOf,
  expectArguments,
  kind,
  kinds,
  oalError,
  selfTestFaults,
  toNumbers,
  uint8Tensor,
  unreadable,
  type AnswerOptions,
  type BatchOutputs,
  type Decision,
  type Engine,
  type PictureInput,
  type ScoreResult,
  type Session,
} from "oal-core";
import { passRows } from "../runtime/passRows.js";
import { inBatches } from "./ahead.js";
import { commonCut, type BundleFacts, type StoredDetector } from "./facts.js";
import {
  aPicture,
  loadPicture,
  named,
  type LoadedPicture,
  type NamedPicture,
  type Picture,
} from "./pictures.js";
import { readBundle, storedDetector } from "./read.js";
import { answerSelfTest } from "./selfTest.js";

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
  /** Score from which a picture is known; null where every predicted class has a cut of its own. */
  readonly threshold: number | null;
  readonly #session: Session;
  readonly #stored: StoredDetector;
  readonly #answers: AnswerOptions;
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
    this.threshold = threshold ?? commonCut(this.decision);
    this.#answers = {
      path,
      classNames: facts.classNames,
      detector: this.detector,
      top: Math.min(top, facts.classNames.length),
      ...(threshold === undefined ? {} : { threshold }),
    };
    // Pictures that the graph resizes itself are of any size each: one at a time.
    this.#batch = facts.input.resizing === "free" ? 1 : passRows(batchSize, facts.preprocessing.crop);
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

  /**
   * Shows the model the picture of its self-test.
   *
   * @returns what it says otherwise than where it was written, as sentences: none is the good answer; null for a file without self-test
   * @throws OAL-E215 after `release`
   */
  async selfTest(): Promise<readonly string[] | null> {
    if (this.#released) throw oalError("OAL-E215", {});
    const { selfTest } = this.facts;
    if (!selfTest) return null;
    const { label, found } = await answerSelfTest(this.#session, this.facts, selfTest);
    return selfTestFaults(selfTest, label, found);
  }

  /** Frees the engine's memory. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#session.release();
  }

  async #load(picture: Picture | NamedPicture, name: string): Promise<LoadedPicture> {
    expectArguments("Scorer.stream", { picture: [picture, aPicture] });
    return loadPicture(named(picture, name), this.facts);
  }

  /** What the model says of those that could be read, in one run. */
  async #results(batch: readonly LoadedPicture[]): Promise<ScoreResult[]> {
    if (this.#released) throw oalError("OAL-E215", {});
    const readable = batch.flatMap(({ input }) => (input ? [input] : []));
    const said = readable.length === 0 ? null : await this.#run(readable, this.#stored);
    let row = 0;
    return batch.map(({ id, error }) => {
      if (said && !error) return answerOf(said, row++, id, this.#answers);
      return unreadable(id, this.detector, error ?? oalError("OAL-X101", { problem: id }));
    });
  }

  /** The file's outputs of pictures of one shape. */
  async #run(inputs: readonly PictureInput[], { outputs: names }: StoredDetector): Promise<BatchOutputs> {
    const [first] = inputs;
    const pixels = new Uint8Array(inputs.length * (first?.data.length ?? 0));
    inputs.forEach(({ data }, i) => pixels.set(data, i * data.length));
    const images = uint8Tensor([inputs.length, ...(first?.shape ?? [])], pixels);
    const { score, pValue, known, ask } = names;
    const wanted = ["logits", score, pValue, known, ...(ask === undefined ? [] : [ask])];
    const outputs = await this.#session.run({ images }, wanted);
    const of = (name: string): number[] => {
      const found = outputs[name];
      if (!found) throw oalError("OAL-X101", { problem: `${this.path} gave no ${name}` });
      return toNumbers(found);
    };
    return {
      logits: of("logits"),
      score: of(score),
      pValue: of(pValue),
      known: of(known),
      ...(ask === undefined ? {} : { ask: of(ask) }),
    };
  }
}
