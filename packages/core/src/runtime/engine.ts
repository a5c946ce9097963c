/**
 * What computes: an engine makes graphs and files into sessions, and steps whose state stays where it is. It is handed to
 * everything that computes; only where a program starts is one made.
 */
import { expectArguments, kinds } from "../errors/index.js";
import { aGraph, type Graph } from "../graph/value.js";
import type { Tensor } from "../graph/tensor.js";
import type { Session } from "./session.js";

/** Where an engine computes. */
export type Device = "cpu" | "webgpu";

/** What is known of an engine; recorded with whatever it made. Equal bits are promised only where all of it is equal. */
export interface EngineFacts {
  readonly device: Device;
  /** The library, as "onnxruntime-node". */
  readonly name: string;
  /** Its version, as "1.30.0". */
  readonly version: string;
  /** Channels that blocked convolutions put together: 8 or 16; 0 where the plain formulation runs. */
  readonly blockSize: number;
  /** Threads inside one operator; 0: the library's choice, one per core. */
  readonly threads: number;
  /** What drives the device, as "libEGL_nvidia.so.0"; absent on the CPU and where it is not known. */
  readonly adapter?: string;
}

/** How a graph or file is prepared. */
export interface SessionOptions {
  /**
   * "all" fuses and picks layouts (evaluation); "basic" is quicker to prepare. "disabled" prepares nothing, not even weights: those in a
   * file beside the model are read from there as they are needed, and take no memory of the process; for a run or two. Default "all".
   */
  readonly optimization?: "disabled" | "basic" | "all";
}

/** One tensor that a step graph carries from step to step. */
export interface CarriedTensor {
  /** The graph's input that it enters by, which is its name. */
  readonly name: string;
  /** The graph's output that is its next value; absent for one that a step reads and never changes. */
  readonly next?: string;
}

/** A step made ready, with the state it carries. The state lives wherever suits the engine. */
export interface Stepper {
  /**
   * Sets the state, all of it or some.
   *
   * @throws OAL-R111 for a name that the step does not carry
   */
  load(state: ReadonlyMap<string, Tensor>): Promise<void>;
  /**
   * One step: the state becomes the next one.
   *
   * @param feeds a tensor for every input that is not carried
   * @returns the outputs that are not carried
   * @throws OAL-R102 when an input is missing (also a carried one that was never loaded), of the wrong shape or element type
   */
  step(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /**
   * The state as it is now.
   *
   * @param names default: everything carried, in the order in which it was declared
   * @throws OAL-R111 for a name that the step does not carry, or that was never loaded
   */
  read(names?: readonly string[]): Promise<Map<string, Tensor>>;
  /** Frees the engine's memory; the state is gone. */
  release(): Promise<void>;
}

/** Something that computes graphs. */
export interface Engine {
  readonly facts: EngineFacts;
  /** Verifies, serialises and prepares a graph. @throws OAL-R101 when the engine refuses it */
  compile(graph: Graph, options?: SessionOptions): Promise<Session>;
  /**
   * Prepares an ONNX model.
   *
   * @param model its bytes, or its path where the engine has files
   * @throws OAL-R101 when the engine refuses it
   */
  open(model: Uint8Array | string, options?: SessionOptions): Promise<Session>;
  /**
   * Prepares a graph that is run again and again on a state of its own, in the formulation that suits the engine.
   *
   * @param carried what it carries from step to step
   * @throws OAL-R101 when the engine refuses it, OAL-R111 for a carried tensor that the graph does not have
   */
  stepper(graph: Graph, carried: readonly CarriedTensor[]): Promise<Stepper>;
}

/** An engine as an argument. */
export const anEngine = kinds.fields({
  facts: kinds.record,
  compile: kinds.callback,
  open: kinds.callback,
  stepper: kinds.callback,
});

/** Runs a graph once: prepares, computes, frees. For small computations. */
export async function runOnce(
  engine: Engine,
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  expectArguments("runOnce", {
    engine: [engine, anEngine],
    graph: [graph, aGraph],
    feeds: [feeds, kinds.record],
  });
  const session = await engine.compile(graph);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}
