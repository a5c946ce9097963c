/** Runs a classifier over a whole set of images, batch by batch, and keeps logits and penultimate features. */
import {
  exposeTaps,
  float32Data,
  oalError,
  uint8Tensor,
  type Classifier,
  type Engine,
  type Graph,
  type Session,
} from "oal-core";
import type { ImageSet } from "../data/imageSet.js";
import { resizePictures } from "../data/resizePictures.js";
import { passRows } from "../runtime/passRows.js";
import { buildClassifier, type ClassifierModel } from "./model.js";

/** Outputs of a classifier on N images. */
export interface Predictions {
  readonly count: number;
  readonly classes: number;
  readonly featureWidth: number;
  /** float32 [N, C]. */
  readonly logits: Float32Array;
  /** float32 [N, F]. */
  readonly features: Float32Array;
}

/** Outputs of a classifier on images `start` to `end`. */
export interface PredictedBatch extends Omit<Predictions, "count"> {
  readonly start: number;
  readonly end: number;
}

/** A classifier made ready for batches of one size. Its weights are constants, so that the engine can fold and pack them. */
export class Predictor {
  readonly #session: Session;
  readonly #batch: number;
  readonly #size: number;

  private constructor(session: Session, batch: number, size: number) {
    this.#session = session;
    this.#batch = batch;
    this.#size = size;
  }

  /**
   * Compiles a model.
   *
   * @param options.batchSize pictures of 32 pixels a side that go through at once; of larger ones go fewer (`passRows`)
   */
  static async create(
    engine: Engine,
    model: ClassifierModel,
    options: { batchSize: number },
  ): Promise<Predictor> {
    const { imageSize } = model.network.options;
    const rows = passRows(options.batchSize, imageSize);
    return Predictor.ofClassifier(engine, buildClassifier(model, rows), { rows });
  }

  /**
   * The same for a classifier that takes as many pictures at once.
   *
   * @param options.rows pictures that go through at once
   */
  static async ofClassifier(
    engine: Engine,
    classifier: Classifier,
    { rows }: { rows: number },
  ): Promise<Predictor> {
    return Predictor.ofGraph(engine, exposeTaps(classifier, ["logits", "features"]), { rows });
  }

  /** The same for a graph with an input "images" and outputs "logits" and "features". */
  static async ofGraph(engine: Engine, graph: Graph, { rows }: { rows: number }): Promise<Predictor> {
    const images = graph.inputs.find(({ name }) => name === "images");
    if (!images) throw oalError("OAL-X101", { problem: "a classifier without images" });
    return new Predictor(await engine.compile(graph), rows, images.size(2));
  }

  /** Logits and features of every image of a set, in its order. */
  async predict(
    images: ImageSet,
    onProgress: (done: number, total: number) => void = () => undefined,
  ): Promise<Predictions> {
    return this.predictPixels(images.count, images.height, rangeReader(images), onProgress);
  }

  /**
   * The same for pixels from anywhere. Pictures of another size than the model's are resized.
   *
   * @param size height and width of the pictures
   * @param read uint8 pixels [end - start, 3, size, size] of a range of images
   */
  async predictPixels(
    count: number,
    size: number,
    read: (start: number, end: number) => Uint8Array,
    onProgress: (done: number, total: number) => void = () => undefined,
  ): Promise<Predictions> {
    let logits = new Float32Array();
    let features = new Float32Array();
    let [classes, featureWidth] = [0, 0];
    for await (const batch of this.batches(count, size, read)) {
      if (batch.start === 0) {
        ({ classes, featureWidth } = batch);
        logits = new Float32Array(count * classes);
        features = new Float32Array(count * featureWidth);
      }
      logits.set(batch.logits, batch.start * classes);
      features.set(batch.features, batch.start * featureWidth);
      onProgress(batch.end, count);
    }
    return { count, classes, featureWidth, logits, features };
  }

  /** The same batch by batch, for sets whose outputs are more than memory should hold. */
  async *batches(
    count: number,
    size: number,
    read: (start: number, end: number) => Uint8Array,
  ): AsyncGenerator<PredictedBatch, void, undefined> {
    const batch = this.#batch;
    const side = this.#size;
    for (let start = 0; start < count; start += batch) {
      const end = Math.min(count, start + batch);
      // The last batch is filled up with black images, whose outputs are dropped.
      const pixels = new Uint8Array(batch * 3 * side * side);
      pixels.set(size === side ? read(start, end) : resizePictures(read(start, end), size, side));
      const outputs = await this.#session.run({ images: uint8Tensor([batch, 3, side, side], pixels) });
      const { logits, features } = outputs;
      if (!logits || !features) throw oalError("OAL-X101", { problem: "a classifier without outputs" });
      const [classes, featureWidth] = [logits.shape[1] ?? 0, features.shape[1] ?? 0];
      yield {
        start,
        end,
        classes,
        featureWidth,
        logits: float32Data(logits).subarray(0, (end - start) * classes),
        features: float32Data(features).subarray(0, (end - start) * featureWidth),
      };
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Frees the engine's memory. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Reads a set by range. */
export function rangeReader(images: ImageSet): (start: number, end: number) => Uint8Array {
  return (start, end) => images.read(Array.from({ length: end - start }, (_, i) => start + i));
}
