/** A model file made ready: opened once, then asked about any number of pictures, one after the other. */
import {
  answerOf,
  OalError,
  oalError,
  pictureInput,
  selfTestFaults,
  selfTestPicture,
  unreadable,
  type BatchOutputs,
  type FoundAnswer,
  type RgbImage,
  type ScoreResult,
} from "oal-core";
import { readsExactly } from "./readingTest.js";
import type { Ort } from "./engine.js";
import { readFacts, verifyChecksum, type ModelFacts, type StoredDetector } from "./facts.js";
import { bytesOf, pixelsOf, type Picture } from "./picture.js";

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
export interface WebModel {
  /** What the file says of itself. */
  readonly facts: ModelFacts;
  /** Id of the detector that is asked. */
  readonly detector: string;
  /** Whether the file was compared with its checksum; browsers can on pages that came by https or from this machine only. */
  readonly verified: boolean;

  /**
   * Scores one picture. One that cannot be read gives a result with an error.
   *
   * @param picture a file, its bytes, anything a page can draw, or pixels
   * @param id what it is called; default: a file's name, else "picture"
   */
  score(picture: Picture, id?: string): Promise<ScoreResult>;

  /**
   * Shows the model the picture of its self-test, once as pixels; and, in a browser, tries whether pixels are read as they are.
   *
   * @returns what is said otherwise than where the file was written, as sentences: none is the good answer; null for a file without
   *   self-test
   */
  selfTest(): Promise<readonly string[] | null>;

  /** Frees the engine's memory. */
  release(): Promise<void>;
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
  { ort, session: options, detector: wanted, threshold, top = 5, onProgress }: OpenOptions<Value>,
): Promise<WebModel> {
  const path = source instanceof File ? source.name : isContent(source) ? "the model" : String(source);
  const bytes = await bytesOf(isContent(source) ? source : await fetched(path, onProgress));
  const facts = readFacts(bytes, path);
  const verified = await verifyChecksum(bytes, path);
  const { classNames, detectors, preprocessing, selfTest: expected } = facts;
  const detector = wanted ?? facts.decides;
  const asked = detectors.find(({ id }) => id === detector);
  if (!asked) throw oalError("OAL-E214", { detector, known: detectors.map(({ id }) => id) });
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3, ...options });
  const answers = { path, classNames, detector, top, threshold };

  /** Resolves when everything asked before has been answered: a session computes one thing at a time, and a decoded photo is large. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };

  /** What the file says of a picture, for each of its detectors. */
  const ask = async (image: RgbImage, id: string): Promise<(stored: StoredDetector) => BatchOutputs> => {
    const { data, shape } = pictureInput(image, facts, id);
    const images = new ort.Tensor("uint8", data, [1, ...shape]);
    const outputs = await session.run({ images });
    const of = (name: string): ArrayLike<number> => {
      const values = outputs[name]?.data;
      return values instanceof Float32Array || values instanceof Uint8Array ? values : [];
    };
    return ({ outputs: { score, pValue, known, ask: look } }) => ({
      logits: of("logits"),
      score: of(score),
      pValue: of(pValue),
      known: of(known),
      ask: look === undefined ? look : of(look),
    });
  };

  return {
    facts,
    detector,
    verified,
    score: (picture, id = picture instanceof File ? picture.name : "picture") =>
      inTurn(async () => {
        try {
          const outputs = await ask(await pixelsOf(picture, id, preprocessing), id);
          return answerOf(outputs(asked), 0, id, answers);
        } catch (error) {
          if (error instanceof OalError) return unreadable(id, detector, error);
          throw error;
        }
      }),
    selfTest: () =>
      inTurn(async () => {
        if (!expected) return null;
        const image = selfTestPicture(expected.width, expected.height);
        const outputs = await ask(image, "the self-test");
        const { classIndex } = answerOf(outputs(asked), 0, "", answers);
        const found: Record<string, FoundAnswer> = {};
        for (const stored of detectors) {
          const { score, pValue, known } = outputs(stored);
          found[stored.id] = { score: score[0] ?? NaN, pValue: pValue[0] ?? NaN, known: known[0] === 1 };
        }
        const faults = selfTestFaults(expected, classIndex ?? -1, found);
        if (!(await readsExactly(image, preprocessing)))
          faults.push("this browser changes the colours of pictures that a page reads");
        return faults;
      }),
    release: () => inTurn(() => session.release()),
  };
}

function isContent(source: unknown): source is Uint8Array<ArrayBuffer> | Blob {
  return source instanceof Uint8Array || source instanceof Blob;
}

async function fetched(path: string, onProgress: OpenOptions<never>["onProgress"]): Promise<Blob> {
  try {
    const response = await fetch(path);
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    const length = Number(response.headers.get("content-length")) || undefined;
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let loaded = 0;
    for (const reader = response.body?.getReader(); reader;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      onProgress?.((loaded += value.length), length);
    }
    return new Blob(parts);
  } catch (error) {
    throw oalError("OAL-I167", { path, problem: error instanceof Error ? error.message : "" }, error);
  }
}
