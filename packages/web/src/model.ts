/** A model file made ready: opened once, then asked about any number of pictures, one after the other. */
import {
  answerOf,
  OalError,
  oalError,
  pictureInput,
  selfTestFaults,
  selfTestPicture,
  unreadable,
  type AnswerOptions,
  type BatchOutputs,
  type FoundAnswer,
  type RgbImage,
  type ScoreResult,
} from "oal-core";
import { decodesExactly } from "./decodeTest.js";
import type { Ort, OrtSession } from "./engine.js";
import { readFacts, verifyChecksum, type ModelFacts, type StoredDetector } from "./facts.js";
import { pixelsOf, type Picture } from "./picture.js";

/** How a model is opened. */
export interface OpenOptions<Value> {
  /** ONNX Runtime: `import * as ort from "onnxruntime-web"`. */
  readonly ort: Ort<Value>;
  /** Options of its sessions. */
  readonly session?: object;
  /** Id of a detector that the model holds. Default: the one that decides. */
  readonly detector?: string;
  /** Score from which a picture is known. Default: the model's own cut. */
  readonly threshold?: number;
  /** How many of the most probable classes a result names. Default 5. */
  readonly top?: number;
  /** Told how many bytes have come, and how many there are where the server says so, while a file is fetched. */
  readonly onProgress?: (loaded: number, total: number | undefined) => void;
}

/** A classifier that knows what it does not know. */
export class WebModel<Value = never> {
  /** What the file says of itself. */
  readonly facts: ModelFacts;
  /** Id of the detector that is asked. */
  readonly detector: string;
  /** Whether the file was compared with its checksum; browsers can on pages that came by https or from this machine only. */
  readonly verified: boolean;
  readonly #ort: Ort<Value>;
  readonly #session: OrtSession<Value>;
  readonly #stored: StoredDetector;
  readonly #answers: AnswerOptions;
  /** Resolves when everything asked before has been answered: a session computes one thing at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    facts: ModelFacts,
    stored: StoredDetector,
    verified: boolean,
    session: OrtSession<Value>,
    ort: Ort<Value>,
    answers: AnswerOptions,
  ) {
    this.facts = facts;
    this.detector = stored.id;
    this.verified = verified;
    this.#stored = stored;
    this.#session = session;
    this.#ort = ort;
    this.#answers = answers;
  }

  /**
   * Scores one picture. One that cannot be read gives a result with an error.
   *
   * @param picture a file, its bytes, anything a page can draw, or pixels
   * @param id what it is called; default: a file's name, else "picture"
   */
  async score(
    picture: Picture,
    id = picture instanceof File ? picture.name : "picture",
  ): Promise<ScoreResult> {
    try {
      const image = await pixelsOf(picture, id, this.facts.preprocessing);
      const outputs = await this.#run(image, id, [this.#stored]);
      return answerOf(outputs(this.#stored), 0, id, this.#answers);
    } catch (error) {
      if (error instanceof OalError) return unreadable(id, this.detector, error);
      throw error;
    }
  }

  /**
   * Shows the model the picture of its self-test, once as pixels; and, in a browser, tries whether that picture is decoded as it was
   * stored.
   *
   * @returns what is said otherwise than where the file was written, as sentences: none is the good answer; null for a file without
   *   self-test
   */
  async selfTest(): Promise<readonly string[] | null> {
    const { selfTest, detectors } = this.facts;
    if (!selfTest) return null;
    const image = selfTestPicture(selfTest.width, selfTest.height);
    const outputs = await this.#run(image, "the self-test", detectors);
    const found: Record<string, FoundAnswer> = {};
    let label = -1;
    for (const stored of detectors) {
      const { logits, score, pValue, known } = outputs(stored);
      label = Array.from(logits).indexOf(Math.max(...Array.from(logits)));
      found[stored.id] = { score: score[0] ?? NaN, pValue: pValue[0] ?? NaN, known: known[0] === 1 };
    }
    const faults = selfTestFaults(selfTest, label, found);
    return (await decodesExactly(image, this.facts.preprocessing))
      ? faults
      : [...faults, "this browser changes the colours of pictures that a page reads"];
  }

  /** Frees the engine's memory. */
  async release(): Promise<void> {
    await this.#last;
    await this.#session.release();
  }

  /** The file's outputs of one picture, for each of some detectors. */
  async #run(
    image: RgbImage,
    id: string,
    detectors: readonly StoredDetector[],
  ): Promise<(detector: StoredDetector) => BatchOutputs> {
    const { data, shape } = pictureInput(image, this.facts, id);
    const images = new this.#ort.Tensor("uint8", data, [1, ...shape]);
    const wanted = ["logits", ...detectors.flatMap(({ outputs }) => Object.values(outputs))];
    const running = this.#last.then(() => this.#session.run({ images }, wanted));
    this.#last = running.catch(() => undefined);
    const outputs = await running;
    const of = (name: string): ArrayLike<number> => {
      const values = outputs[name]?.data;
      if (values instanceof Float32Array || values instanceof Uint8Array) return values;
      throw oalError("OAL-X101", { problem: `the model gave no ${name}` });
    };
    return ({ outputs: { score, pValue, known, ask } }) => ({
      logits: of("logits"),
      score: of(score),
      pValue: of(pValue),
      known: of(known),
      ...(ask === undefined ? {} : { ask: of(ask) }),
    });
  }
}

/**
 * Opens a model file.
 *
 * @param source its address, or its bytes
 * @throws OAL-I167 when it cannot be fetched, OAL-I143 when it is no model file of oal, OAL-I144 for one of another format, OAL-I103
 *   for a damaged one, OAL-I166 for one with its weights beside it, OAL-E214 for a detector that it does not hold
 * @example const model = await openModel("model.onnx", { ort });
 */
export async function openModel<Value>(
  source: string | URL | Uint8Array<ArrayBuffer> | Blob,
  { ort, session, detector, threshold, top = 5, onProgress }: OpenOptions<Value>,
): Promise<WebModel<Value>> {
  const { path, bytes } = await contentOf(source, onProgress);
  const facts = readFacts(bytes, path);
  const verified = await verifyChecksum(bytes, path);
  const asked = detector ?? facts.decides;
  const stored = facts.detectors.find(({ id }) => id === asked);
  if (!stored) throw oalError("OAL-E214", { detector: asked, known: facts.detectors.map(({ id }) => id) });
  const made = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3, ...session });
  return new WebModel(facts, stored, verified, made, ort, {
    path,
    classNames: facts.classNames,
    detector: stored.id,
    top: Math.min(top, facts.classNames.length),
    ...(threshold === undefined ? {} : { threshold }),
  });
}

/** The bytes of a model file, and what it is called. */
async function contentOf(
  source: string | URL | Uint8Array<ArrayBuffer> | Blob,
  onProgress: OpenOptions<never>["onProgress"],
): Promise<{ readonly path: string; readonly bytes: Uint8Array<ArrayBuffer> }> {
  if (source instanceof Uint8Array) return { path: "the model", bytes: source };
  if (source instanceof Blob) {
    const path = source instanceof File ? source.name : "the model";
    return { path, bytes: new Uint8Array(await source.arrayBuffer()) };
  }
  return { path: String(source), bytes: await fetched(source, onProgress) };
}

async function fetched(
  source: string | URL,
  onProgress: OpenOptions<never>["onProgress"],
): Promise<Uint8Array<ArrayBuffer>> {
  const refuse = (problem: string, cause?: unknown): OalError =>
    oalError("OAL-I167", { path: String(source), problem }, cause);
  try {
    const response = await fetch(source);
    if (!response.ok) throw refuse(`HTTP status ${response.status}`);
    const length = Number(response.headers.get("content-length")) || undefined;
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let loaded = 0;
    for (const reader = response.body?.getReader(); reader;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      onProgress?.((loaded += value.length), length);
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  } catch (error) {
    throw error instanceof OalError
      ? error
      : refuse(error instanceof Error ? error.message : String(error), error);
  }
}
