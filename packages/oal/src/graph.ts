/** `oal/graph`: graphs, their operators, gradients, random draws, ONNX files, and an engine that runs them. */
export * from "oal-core/graph";
export * from "oal-core/autodiff";
export * from "oal-core/random";
export * from "oal-core/rewrite";
export * from "oal-core/runtime";
export { readModelFile, writeModelFile, type ModelFileOptions } from "./runtime/modelFile.js";
export { cpuEngine, type CpuOptions } from "./runtime/engines/index.js";
