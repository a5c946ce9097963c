/**
 * Large matrices of fits: decomposed in a thread of their own, so that progress and Ctrl-C live meanwhile, and multiplied in float64 on the
 * engine of the CPU. Small ones are dealt with where they are: a thread takes a tenth of a second to start.
 */
import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import {
  algebraHere,
  gemm,
  Graph,
  oalError,
  type Algebra,
  type Eigen,
  type Engine,
  type Session,
  type Table,
  type Tensor,
} from "oal-core";

/** An algebra that holds a thread and a session. */
export interface OpenAlgebra extends Algebra {
  /** Ends the thread and gives back the engine's memory; both come again when they are needed. */
  close(): Promise<void>;
}

/** What the thread is sent. */
export interface AlgebraTask {
  readonly kind: "eigen" | "inverseFactor";
  readonly matrix: Table;
  readonly smallestPivot: number;
}

/** What it sends back. */
export type AlgebraAnswer =
  | { readonly kind: "eigen"; readonly eigen: Eigen }
  | { readonly kind: "inverseFactor"; readonly factor: Table | null }
  | { readonly kind: "failed"; readonly problem: string };

/** Rows of a matrix whose decomposition takes longer than the start of a thread. */
const worthThread = 160;
/** Multiplications that take longer here than on the engine. */
const worthEngine = 1e6;

/** The algebra of a program with an engine; products stay in this thread where the engine is no CPU, as others have no float64. */
export function openAlgebra(engine: Engine): OpenAlgebra {
  const thread = new AlgebraThread();
  let session: Promise<Session> | undefined;
  let moments: Promise<Session> | undefined;
  return {
    async eigen(matrix) {
      if (matrix.count < worthThread) return algebraHere.eigen(matrix);
      const answer = await thread.ask({ kind: "eigen", matrix, smallestPivot: 0 });
      if (answer.kind !== "eigen") throw refusal(answer);
      return answer.eigen;
    },
    async inverseFactor(matrix, smallestPivot) {
      if (matrix.count < worthThread) return algebraHere.inverseFactor(matrix, smallestPivot);
      const answer = await thread.ask({ kind: "inverseFactor", matrix, smallestPivot });
      if (answer.kind !== "inverseFactor") throw refusal(answer);
      return answer.factor;
    },
    async products(left, right) {
      if (engine.facts.device !== "cpu" || left.count * right.count * left.width < worthEngine)
        return algebraHere.products(left, right);
      const opened = await (session ??= engine.compile(productGraph()));
      return tableOf(await opened.run({ left: tensorOf(left), right: tensorOf(right) }), "products");
    },
    async moments(rows) {
      if (engine.facts.device !== "cpu" || rows.count * rows.width ** 2 < worthEngine)
        return algebraHere.moments(rows);
      const opened = await (moments ??= engine.compile(momentGraph()));
      return tableOf(await opened.run({ rows: tensorOf(rows) }), "moments");
    },
    async close() {
      const opened = [await session, await moments];
      session = undefined;
      moments = undefined;
      await thread.end();
      for (const each of opened) await each?.release();
    },
  };
}

/** L R^T in float64, of any sizes. */
function productGraph(): Graph {
  const graph = new Graph();
  const left = graph.input("left", { dtype: "float64", shape: ["n", "k"] });
  const right = graph.input("right", { dtype: "float64", shape: ["m", "k"] });
  graph.output("products", gemm(left, right, null, { transB: true }));
  return graph;
}

/** R^T R in float64, of any sizes. */
function momentGraph(): Graph {
  const graph = new Graph();
  const rows = graph.input("rows", { dtype: "float64", shape: ["n", "k"] });
  graph.output("moments", gemm(rows, rows, null, { transA: true }));
  return graph;
}

/** An output as rows. Timers and signals have their turn before the next product. */
async function tableOf(outputs: Readonly<Record<string, Tensor>>, name: string): Promise<Table> {
  const found = outputs[name];
  const [count = 0, width = 0] = found?.shape ?? [];
  if (!(found?.data instanceof Float64Array))
    throw oalError("OAL-X101", { problem: "a product of matrices is no float64" });
  await new Promise((resolve) => setImmediate(resolve));
  return { count, width, data: found.data };
}

function tensorOf({ count, width, data }: Table): Tensor {
  return { dtype: "float64", shape: [count, width], data };
}

function refusal(answer: AlgebraAnswer): Error {
  const problem = answer.kind === "failed" ? answer.problem : `it answered with ${answer.kind}`;
  return oalError("OAL-X101", { problem: `the thread of decompositions: ${problem}` });
}

/** Answers that are kept: detectors of one family decompose the same matrix one after the other. */
const answersKept = 4;

/** One thread, started when it is first asked; it is asked one thing at a time, and not what it was asked just before. */
class AlgebraThread {
  #worker: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();
  readonly #known = new Map<string, Promise<AlgebraAnswer>>();

  ask(task: AlgebraTask): Promise<AlgebraAnswer> {
    const { kind, smallestPivot, matrix } = task;
    const { buffer, byteOffset, byteLength } = matrix.data;
    const hash = createHash("sha256")
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest("hex");
    const key = `${kind} ${smallestPivot} ${hash}`;
    const known = this.#known.get(key);
    if (known) return known;
    const answer = this.#last.then(() => this.#send(task));
    this.#last = answer.catch(() => this.#known.delete(key));
    this.#known.set(key, answer);
    const [oldest] = this.#known.keys();
    if (this.#known.size > answersKept && oldest !== undefined) this.#known.delete(oldest);
    return answer;
  }

  #send(task: AlgebraTask): Promise<AlgebraAnswer> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      const died = (how: string): void =>
        reject(oalError("OAL-X101", { problem: `the thread of decompositions ${how}` }));
      const failed = (error: unknown): void => died(`died: ${String(error)}`);
      const ended = (code: number): void => died(`ended with ${code}`);
      worker.once("error", failed);
      worker.once("exit", ended);
      worker.once("message", (answer: AlgebraAnswer) => {
        worker.off("error", failed);
        worker.off("exit", ended);
        // an idle thread keeps no program from ending
        worker.unref();
        resolve(answer);
      });
      worker.ref();
      worker.postMessage(task);
    });
  }

  /** A thread; when it dies, be it idle, what is asked next gets another one. */
  #start(): Worker {
    const worker = new Worker(new URL("./algebraWorker.js", import.meta.url));
    const forget = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    return worker.on("error", forget).on("exit", forget);
  }

  async end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#known.clear();
    await worker?.terminate();
  }
}
