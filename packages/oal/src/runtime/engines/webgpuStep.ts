/** How WebGPU is given models, and the formulation of a step that suits a card (decision 31). */
import {
  countOperations,
  joinUpdates,
  useShiftedLogSumExp,
  useWideFormulations,
  type CarriedTensor,
  type Graph,
  type JoinedStep,
  type SessionOptions,
} from "oal-core";
import type { NativeSettings } from "./onnxRuntime.js";

/** In which order the provider keeps pictures: convolutions are faster with channels last, but transposes stand around them. */
export type Layout = "NCHW" | "NHWC";

/** Operations that a node must have on average for faster convolutions to be worth their transposes; measured on an H200. */
const worthTransposes = 5e6;

/**
 * The settings of a session on a card. Buffers that are freed are kept by their exact size: what runs here runs again with the same
 * shapes. The first session decides that for the whole process.
 *
 * @param threads of the operators that WebGPU does not have; 0: the library's choice
 */
export function webgpuSettings(
  threads: number,
  { optimization }: SessionOptions,
  layout: Layout = "NHWC",
): NativeSettings {
  return {
    executionProviders: [{ name: "webgpu", preferredLayout: layout, storageBufferCacheMode: "simple" }],
    graphOptimizationLevel: optimization ?? "all",
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...(threads === 0 ? {} : { intraOpNumThreads: threads }),
  };
}

/** A step as a card is given it: with wide formulations, sums of exponentials that do not overflow, updates joined. */
export function webgpuStep(
  graph: Graph,
  carried: readonly CarriedTensor[],
): JoinedStep & { readonly layout: Layout } {
  const step = joinUpdates(useShiftedLogSumExp(useWideFormulations(graph)), carried);
  const { products, nodes } = countOperations(step.graph);
  return { ...step, layout: products >= worthTransposes * nodes ? "NHWC" : "NCHW" };
}
