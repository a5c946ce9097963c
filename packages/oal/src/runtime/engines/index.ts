export { cpuEngine, type CpuOptions } from "./cpu.js";
export { choiceOf, engineOnDemand, makeEngine, type EngineChoice } from "./make.js";
