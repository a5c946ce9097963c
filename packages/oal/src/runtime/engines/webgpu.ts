/** The WebGPU engine: ONNX Runtime for Node on a graphics processor, through Vulkan, Metal or Direct3D. */
import {
  expectArguments,
  joinedStepper,
  useShiftedLogSumExp,
  verifyGraph,
  writeModel,
  type Engine,
} from "oal-core";
import { aModel, sessionOptions } from "./cpu.js";
import { deviceStepper } from "./deviceStepper.js";
import { nativeSession } from "./onnxRuntime.js";
import { bindingVersion } from "./version.js";
import { webgpuSettings, webgpuStep } from "./webgpuStep.js";

/** How WebGPU is used. */
export interface WebgpuOptions {
  /** Threads of the operators that WebGPU does not have; 0: the library's choice. Default 0. */
  readonly threads?: number;
  /** The driver, for the record. */
  readonly adapter?: string;
}

/**
 * Makes the engine. A device that is not there shows when the first session is made; a broken driver may end the process then, which is
 * why `chooseDevice` tries it in another one.
 */
export function webgpuEngine({ threads = 0, adapter }: WebgpuOptions = {}): Engine {
  const open: Engine["open"] = async (model, given = {}) => {
    expectArguments("open", { model: [model, aModel], options: [given, sessionOptions] });
    return nativeSession(model, webgpuSettings(threads, given));
  };
  const compile: Engine["compile"] = async (graph, given) => {
    verifyGraph(graph);
    return open(writeModel(useShiftedLogSumExp(graph)), given);
  };
  return {
    facts: {
      device: "webgpu",
      name: "onnxruntime-node",
      version: bindingVersion(),
      blockSize: 0,
      threads,
      ...(adapter === undefined ? {} : { adapter }),
    },
    open,
    compile,
    stepper: async (graph, carried) => {
      verifyGraph(graph);
      const step = webgpuStep(graph, carried);
      const settings = webgpuSettings(threads, {}, step.layout);
      const stepper = await deviceStepper(step.graph, step.carried, settings);
      return joinedStepper(
        stepper,
        step.joined,
        carried.map(({ name }) => name),
      );
    },
  };
}
