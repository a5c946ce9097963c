export { cpuEngine, type CpuOptions } from "./cpu.js";
export { chooseDevice, devices, type DeviceChoice } from "./device.js";
export { answerOf, probeDevice, type ProbeResult } from "./probe.js";
export { fallbacksOf } from "./webgpuFallbacks.js";
export { choiceOf, engineOnDemand, makeEngine, stepBlock, type EngineChoice } from "./make.js";
