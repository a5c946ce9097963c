export { cpuEngine, type CpuOptions } from "./cpu.js";
export { chooseDevice, devices, type DeviceChoice } from "./device.js";
export { probeDevice, type ProbeResult } from "./probe.js";
export { choiceOf, engineOnDemand, makeEngine, type EngineChoice } from "./make.js";
