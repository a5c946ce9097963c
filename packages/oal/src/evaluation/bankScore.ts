/**
 * Comparison with a bank that is larger than memory: block after block of it becomes the constants of a graph, as it would be
 * inside one graph, and every image keeps the answer of the blocks so far. The engine arranges constants otherwise than inputs
 * and rounds otherwise then; so the numbers are the same to the bit.
 */
import {
  bankBlock,
  bankGraphs,
  float32Data,
  oalError,
  type BankGraphs,
  type Engine,
  type FitHead,
  type FittedDetector,
  type RowSource,
  type Session,
  type StoredSizes,
  type Tensor,
} from "oal-core";
import { confidencesOf, paddedRows, type OutputSet } from "./outputs.js";

/** Bytes of answers that are kept at once; with more images the bank is read once more. */
const answerBytes = 128 * 2 ** 20;

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
  readonly sizes: StoredSizes;
  /** For detectors that need the last layer. */
  readonly head: FitHead | undefined;
  /** Called before every batch; what it throws ends the comparison. */
  readonly onBatch: () => void;
}

/** Confidences of every set; memory holds one block of the bank. */
export async function compareWithBank(
  engine: Engine,
  { detector, parameters, fitted }: FittedDetector,
  bank: RowSource,
  sets: readonly OutputSet[],
  { sizes, head, onBatch }: BankOptions,
): Promise<Float32Array[]> {
  const graphs = bankGraphs(detector, sizes, fitted.tensors, parameters, head);
  const scores = sets.map(({ labels }) => new Float32Array(labels.length));
  const chunks = sets.flatMap((set, k): Chunk[] => {
    const own = scores[k] ?? new Float32Array();
    return Array.from({ length: Math.ceil(own.length / sizes.rows) }, (_, i) => ({
      set,
      scores: own,
      start: i * sizes.rows,
      end: Math.min(own.length, (i + 1) * sizes.rows),
      answer: undefined,
    }));
  });
  const width = graphs.answerWidth(Math.min(bank.count, bankBlock), bank.width);
  const together = Math.max(1, Math.floor(answerBytes / (4 * width * sizes.rows)));
  const joins = new SessionsBySize(engine);
  try {
    for (let first = 0; first < chunks.length; first += together) {
      const group = chunks.slice(first, first + together);
      for (let start = 0; start < bank.count; start += bankBlock)
        await compareWithBlock(engine, graphs, bank, start, group, joins, onBatch);
      for (const chunk of group) {
        const compared = answerOf(chunk.answer);
        const session = await joins.get("score", compared.shape[1] ?? 0, 0, (p) => graphs.score(p));
        const { confidence } = await session.run({ ...outputsOf(chunk), compared });
        chunk.scores.set(confidencesOf(confidence).subarray(0, chunk.end - chunk.start), chunk.start);
        chunk.answer = undefined;
      }
    }
  } finally {
    await joins.release();
  }
  return scores;
}

async function compareWithBlock(
  engine: Engine,
  graphs: BankGraphs,
  bank: RowSource,
  start: number,
  chunks: readonly Chunk[],
  joins: SessionsBySize,
  onBatch: () => void,
): Promise<void> {
  const end = Math.min(bank.count, start + bankBlock);
  const rows: Tensor = {
    dtype: "float32",
    shape: [end - start, bank.width],
    data: bank.read(start, end),
  };
  const session = await engine.compile(graphs.partial(rows));
  try {
    for (const chunk of chunks) {
      onBatch();
      const second = answerOf((await session.run(outputsOf(chunk)))["partial"]);
      const first = chunk.answer;
      if (!first) {
        chunk.answer = second;
        continue;
      }
      const sizes = [first.shape[1] ?? 0, second.shape[1] ?? 0] as const;
      const join = await joins.get("merge", ...sizes, (a, b) => graphs.merge(a, b));
      chunk.answer = answerOf((await join.run({ first, second }))["merged"]);
    }
  } finally {
    await session.release();
  }
}

function outputsOf({ set, start, end }: Chunk): Record<string, Tensor> {
  return {
    logits: paddedRows(set.logits, start, end),
    features: paddedRows(set.features, start, end),
  };
}

/** An answer, copied out of what the engine may use again. */
function answerOf(tensor: Tensor | undefined): Tensor {
  if (!tensor) throw oalError("OAL-X101", { problem: "a comparison with a bank has no answer" });
  return { dtype: "float32", shape: tensor.shape, data: float32Data(tensor).slice() };
}

/** The small graphs that join answers, compiled once for each pair of sizes. */
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
    build: (first: number, second: number) => ReturnType<BankGraphs["score"]>,
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
