/** For tests only: the engine that they compute with, and a graph run on it. */
import { runOnce as runOnceOn, type Graph, type Tensor } from "oal-core";
import { cpuEngine } from "../runtime/engines/index.js";

/** The CPU with one thread. */
export const testEngine = await cpuEngine({ threads: 1 });

/** Runs a graph once on {@link testEngine}. */
export function runOnce(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  return runOnceOn(testEngine, graph, feeds);
}
