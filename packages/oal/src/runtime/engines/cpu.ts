/** The CPU engine: ONNX Runtime for Node, with blocked convolutions in steps where this CPU has kernels for them. */
import {
  expectArguments,
  hostStepper,
  joinedStepper,
  joinUpdates,
  kind,
  kinds,
  useBlockedLayout,
  verifyGraph,
  writeModel,
  type Engine,
  type SessionOptions,
} from "oal-core";
import { blockSize } from "./blockSize.js";
import { nativeSession, type NativeSettings } from "./onnxRuntime.js";
import { bindingVersion } from "./version.js";

/** How the CPU is used. */
export interface CpuOptions {
  /** Threads inside one operator; 0: the library's choice, one per core. Results do not depend on it. Default 0. */
  readonly threads?: number;
  /** Whether steps use blocked convolutions where they exist and pay. Default true. */
  readonly blocked?: boolean;
}

const cpuOptions = kinds.fields({
  threads: kinds.optional(kinds.count),
  blocked: kinds.optional(kinds.boolean),
});

/**
 * Elements of the largest tensors whose updates are computed together: vectors of channels, of which starting an operator costs more than
 * its work. Weights would be copied, and their gradients kept until the last of them is there.
 */
const largestJoined = 512;

/** A model as an argument. */
export const aModel = kind(
  "the bytes of a model or its path",
  (value) => value instanceof Uint8Array || (typeof value === "string" && value !== ""),
);

/** {@link SessionOptions} as an argument. */
export const sessionOptions = kinds.fields({
  optimization: kinds.optional(kinds.oneOf(["disabled", "basic", "all"])),
});

/** The settings of a session on the CPU. */
export function cpuSettings(threads: number, { optimization }: SessionOptions): NativeSettings {
  return {
    executionProviders: ["cpu"],
    graphOptimizationLevel: optimization ?? "all",
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        // Idle threads would go on spinning between two runs, on cores that batches and other sessions need; measured, it costs nothing.
        force_spinning_stop: "1",
        ...(optimization === "disabled" ? { disable_prepacking: "1" } : {}),
      },
    },
    ...(threads === 0 ? {} : { intraOpNumThreads: threads }),
  };
}

/**
 * Makes the CPU engine.
 *
 * @example const engine = await cpuEngine({ threads: 2 });
 *   const session = await engine.open("model.onnx");
 */
export async function cpuEngine(options: CpuOptions = {}): Promise<Engine> {
  expectArguments("cpuEngine", { options: [options, cpuOptions] });
  const { threads = 0, blocked = true } = options;
  const block = blocked ? await blockSize(threads) : 0;
  const open: Engine["open"] = async (model, given = {}) => {
    expectArguments("open", { model: [model, aModel], options: [given, sessionOptions] });
    return nativeSession(model, cpuSettings(threads, given));
  };
  const compile: Engine["compile"] = async (graph, given) => {
    verifyGraph(graph);
    return open(writeModel(graph), given);
  };
  return {
    facts: { device: "cpu", name: "onnxruntime-node", version: bindingVersion(), blockSize: block, threads },
    open,
    compile,
    stepper: async (graph, carried) => {
      const step = joinUpdates(useBlockedLayout(graph, block), carried, { largestMember: largestJoined });
      const stepper = hostStepper(await compile(step.graph), step.carried);
      return joinedStepper(
        stepper,
        step.joined,
        carried.map(({ name }) => name),
      );
    },
  };
}
