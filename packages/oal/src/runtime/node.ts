/** Sessions for whoever is not handed an engine yet. */
import {
  expectArguments,
  type Graph,
  type Session,
  type SessionOptions,
  type Tensor,
  verifyGraph,
  writeModel,
} from "oal-core";
import { aModel, cpuSettings, sessionOptions } from "./engines/cpu.js";
import { nativeSession } from "./engines/onnxRuntime.js";
import { currentThreads } from "./threads.js";

/** How a session is made. */
export interface NodeSessionOptions extends SessionOptions {
  /** Default: those of the work that makes the session (`withThreads`). */
  readonly threads?: number;
}

/** Prepares a serialised model. @throws OAL-R101 when ONNX Runtime refuses the model */
export async function createSession(
  model: Uint8Array | string,
  options: NodeSessionOptions = {},
): Promise<Session> {
  expectArguments("createSession", { model: [model, aModel], options: [options, sessionOptions] });
  return nativeSession(model, cpuSettings(options.threads ?? currentThreads(), options));
}

/** Verifies, serialises and prepares a graph. */
export async function compile(graph: Graph, options: NodeSessionOptions = {}): Promise<Session> {
  verifyGraph(graph);
  return createSession(writeModel(graph), options);
}

/** Runs a graph once: compile, run, release. For small computations. */
export async function runOnce(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const session = await compile(graph);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}
