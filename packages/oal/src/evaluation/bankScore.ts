/**
 * Comparison with a bank, whatever its size: block after block of it is fed to one prepared graph, and every image keeps the answer of
 * the blocks so far. A block is compared with as many images at once as its products allow, so that the engine's work is that of
 * one large product of matrices and memory holds one block of rows and one of products.
 */
import {
  bankGraphs,
  float32Data,
  oalError,
  type BankGraphs,
  type Engine,
  type FitHead,
  type FittedDetector,
  type Graph,
  type RowSource,
  type Session,
  type StoredSizes,
  type Tensor,
} from "oal-core";
import { confidencesOf, type OutputSet } from "./outputs.js";

/** Most bytes of what a comparison holds. */
export interface BankMemory {
  /** Rows of the bank. */
  readonly rows: number;
  /** One table [images, rows] of products; a detector may need several. */
  readonly products: number;
  /** Answers of the blocks so far; with more images the bank is read once more. */
  readonly answers: number;
}

const MB = 2 ** 20;
const bankMemory: BankMemory = { rows: 128 * MB, products: 64 * MB, answers: 128 * MB };

/** Images of a chunk are a multiple of this, the last filled up with zeros: an engine sums a few rows in another order than many. */
const imagesTogether = 16;
/** More at once makes a product no faster. */
const mostImages = 2048;

/** Some rows of one set, and the answer of the blocks so far. */
interface Chunk {
  readonly set: OutputSet;
  readonly scores: Float32Array;
  readonly start: number;
  readonly end: number;
  answer: Tensor | undefined;
}

/** How to compare. */
export interface BankOptions {
  readonly sizes: Omit<StoredSizes, "rows">;
  /** For detectors that need the last layer. */
  readonly head: FitHead | undefined;
  /** Called before every batch; what it throws ends the comparison. */
  readonly onBatch: () => void;
  /** Default: 128 MB of rows, 64 MB of products, 128 MB of answers. */
  readonly memory?: BankMemory | undefined;
}

/** Confidences of every set. */
export async function compareWithBank(
  engine: Engine,
  { detector, parameters, fitted }: FittedDetector,
  bank: RowSource,
  sets: readonly OutputSet[],
  { sizes, head, onBatch, memory = bankMemory }: BankOptions,
): Promise<Float32Array[]> {
  detector.bank?.check(bank.count, parameters);
  const graphs = bankGraphs(detector, sizes, fitted.tensors, parameters, head);
  const blocks = blocksOf(bank, memory.rows);
  const largest = Math.max(...blocks.map(({ start, end }) => end - start));
  const images = imagesAtOnce(memory.products, largest);
  const scores = sets.map(({ labels }) => new Float32Array(labels.length));
  const chunks = sets.flatMap((set, k) => chunksOf(set, scores[k] ?? new Float32Array(), images));
  const width = graphs.answerWidth(largest, bank.width);
  const together = Math.max(1, Math.floor(memory.answers / (4 * width * images)));
  const sessions = new SessionsBySize(engine);
  try {
    for (let first = 0; first < chunks.length; first += together) {
      const group = chunks.slice(first, first + together);
      for (const { start, end } of blocks) {
        const rows: Tensor = {
          dtype: "float32",
          shape: [end - start, bank.width],
          data: bank.read(start, end),
        };
        await compareWithBlock(graphs, rows, group, sessions, onBatch);
      }
      for (const chunk of group) {
        const compared = answerOf(chunk.answer);
        const session = await sessions.get("score", compared.shape[1] ?? 0, 0, (p) => graphs.score(p));
        const { confidence } = await session.run({ ...outputsOf(chunk), compared });
        chunk.scores.set(confidencesOf(confidence).subarray(0, chunk.end - chunk.start), chunk.start);
        chunk.answer = undefined;
      }
    }
  } finally {
    await sessions.release();
  }
  return scores;
}

/** A bank in blocks of at most so many bytes, as equal as can be: a small last one would be summed in another order. */
function blocksOf({ count, width }: RowSource, bytes: number): { start: number; end: number }[] {
  const blocks = Math.max(1, Math.ceil((4 * width * count) / bytes));
  return Array.from({ length: blocks }, (_, i) => ({
    start: Math.floor((i * count) / blocks),
    end: Math.floor(((i + 1) * count) / blocks),
  }));
}

function imagesAtOnce(bytes: number, rows: number): number {
  const fitting = Math.floor(bytes / (4 * rows * imagesTogether)) * imagesTogether;
  return Math.min(mostImages, Math.max(imagesTogether, fitting));
}

function chunksOf(set: OutputSet, scores: Float32Array, images: number): Chunk[] {
  return Array.from({ length: Math.ceil(scores.length / images) }, (_, i) => ({
    set,
    scores,
    start: i * images,
    end: Math.min(scores.length, (i + 1) * images),
    answer: undefined,
  }));
}

async function compareWithBlock(
  graphs: BankGraphs,
  rows: Tensor,
  chunks: readonly Chunk[],
  sessions: SessionsBySize,
  onBatch: () => void,
): Promise<void> {
  const [count = 0, width = 0] = rows.shape;
  const session = await sessions.get("partial", count, width, (m, w) => graphs.partial(m, w));
  for (const chunk of chunks) {
    onBatch();
    const second = answerOf((await session.run({ ...outputsOf(chunk), rows }))["partial"]);
    const first = chunk.answer;
    if (!first) {
      chunk.answer = second;
      continue;
    }
    const sizes = [first.shape[1] ?? 0, second.shape[1] ?? 0] as const;
    const join = await sessions.get("merge", ...sizes, (a, b) => graphs.merge(a, b));
    chunk.answer = answerOf((await join.run({ first, second }))["merged"]);
  }
}

function outputsOf({ set, start, end }: Chunk): Record<string, Tensor> {
  const count = Math.ceil((end - start) / imagesTogether) * imagesTogether;
  const filled = (source: RowSource): Tensor => {
    const data = new Float32Array(count * source.width);
    data.set(source.read(start, end));
    return { dtype: "float32", shape: [count, source.width], data };
  };
  return { logits: filled(set.logits), features: filled(set.features) };
}

/** An answer, copied out of what the engine may use again. */
function answerOf(tensor: Tensor | undefined): Tensor {
  if (!tensor) throw oalError("OAL-X101", { problem: "a comparison with a bank has no answer" });
  return { dtype: "float32", shape: tensor.shape, data: float32Data(tensor).slice() };
}

/** The graphs, compiled once for each pair of sizes. */
class SessionsBySize {
  readonly #engine: Engine;
  readonly #sessions = new Map<string, Session>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async get(
    kind: string,
    first: number,
    second: number,
    build: (first: number, second: number) => Graph,
  ): Promise<Session> {
    const key = `${kind} ${first} ${second}`;
    const known = this.#sessions.get(key);
    if (known) return known;
    const session = await this.#engine.compile(build(first, second));
    this.#sessions.set(key, session);
    return session;
  }

  async release(): Promise<void> {
    for (const session of this.#sessions.values()) await session.release();
  }
}
