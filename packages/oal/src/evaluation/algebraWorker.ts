/** The thread of decompositions: answers one task after the other. Talks to the main thread by messages only. */
import { parentPort } from "node:worker_threads";
import { algebraHere } from "oal-core";
import type { AlgebraAnswer, AlgebraTask } from "./algebra.js";

async function answerTo({ kind, matrix, smallestPivot }: AlgebraTask): Promise<AlgebraAnswer> {
  try {
    if (kind === "eigen") return { kind, eigen: await algebraHere.eigen(matrix) };
    return { kind, factor: await algebraHere.inverseFactor(matrix, smallestPivot) };
  } catch (error) {
    return { kind: "failed", problem: error instanceof Error ? error.message : String(error) };
  }
}

parentPort?.on("message", (task: AlgebraTask) => {
  void answerTo(task).then((answer) => parentPort?.postMessage(answer));
});
