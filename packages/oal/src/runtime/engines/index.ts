export { cpuEngine, type CpuOptions } from "./cpu.js";
