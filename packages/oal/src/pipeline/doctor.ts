/** What `oal doctor` finds: the devices and whether they compute rightly, threads, memory, folders, versions, and what is missing. */
import { accessSync, constants, statfsSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import type { Device } from "oal-core";
import { cacheFolder } from "../data/cacheFolder.js";
import { memoryLimit, type MemoryLimit } from "../runtime/memoryLimit.js";
import { probeDevice, type ProbeResult } from "../runtime/engines/index.js";
import { hardware, type Hardware } from "./hardware.js";
import { storeFolder } from "./store/location.js";
import { probeFallbacks, type FallbackResult } from "./fallbacks.js";
import { systemProblem } from "../runtime/systemError.js";
import { versions, type Versions } from "./versions.js";

/** One device. */
export interface DeviceState extends ProbeResult {
  readonly device: Device;
  /** Whether its self-test passed. */
  readonly usable: boolean;
  /** Of a usable graphics processor or what stands for one: what of the training steps it leaves to the CPU. */
  readonly fallbacks?: FallbackResult;
}

/** One folder that oal writes to. */
export interface FolderState {
  readonly path: string;
  /** Why it cannot be written, null when it can. */
  readonly problem: string | null;
  /** Bytes free on its disk; null when that cannot be told. */
  readonly freeBytes: number | null;
}

/** What was found. */
export interface Examination {
  /** Whether oal works here: the CPU (or the device that was asked for) computes rightly, store, cache and working folder can be written, Node is new enough. */
  readonly usable: boolean;
  /** Why not. */
  readonly problems: readonly string[];
  readonly devices: readonly DeviceState[];
  /** Threads inside an operator, unless a run says otherwise. */
  readonly threads: number;
  readonly memory: MemoryLimit;
  readonly folders: Readonly<Record<"store" | "cache" | "working", FolderState>>;
  readonly versions: Versions;
  readonly hardware: Hardware;
}

/** The oldest Node that runs oal, as in package.json. */
const oldestNode = [20, 19] as const;
/** Free bytes below which a folder is named: the smallest run writes some 20 MB. */
const fewBytes = 100e6;

/** What to look at. */
export interface ExamineOptions {
  readonly devices?: readonly Device[];
  readonly probe?: (device: Device) => Promise<ProbeResult>;
  readonly fallbacks?: () => Promise<FallbackResult>;
}

/**
 * Looks at this machine.
 *
 * @param options devices: those to try, which are then needed; default both, of which the CPU is. probe: tries one. fallbacks: asks
 * what WebGPU leaves to the CPU
 */
export async function examine({
  devices: asked,
  probe = probeDevice,
  fallbacks = probeFallbacks,
}: ExamineOptions = {}): Promise<Examination> {
  const needed = asked ?? ["cpu"];
  const devices = await Promise.all(
    (asked ?? (["cpu", "webgpu"] as const)).map(async (device): Promise<DeviceState> => {
      const result = await probe(device);
      const usable = result.problem === null;
      const asked = device === "webgpu" && usable ? { fallbacks: await fallbacks() } : {};
      return { device, usable, ...result, ...asked };
    }),
  );
  const folders = {
    store: stateOf(storeFolder()),
    cache: stateOf(cacheFolder()),
    working: stateOf(process.cwd()),
  };
  const own = versions();
  const problems = [
    ...devices.flatMap(({ device, problem }) =>
      needed.includes(device) && problem !== null
        ? [`${device === "cpu" ? "the CPU engine does" : "WebGPU does"} not work (${problem})`]
        : [],
    ),
    ...Object.entries(folders).flatMap(([name, state]) => folderProblems(name, state)),
    ...(isOld(own.node) ? [`Node ${own.node} is older than ${oldestNode.join(".")}`] : []),
  ];
  return {
    usable: problems.length === 0,
    problems,
    devices,
    threads: availableParallelism(),
    memory: memoryLimit(),
    folders,
    versions: own,
    hardware: hardware(),
  };
}

/** Whether a folder, or the nearest one above it that exists, can be written, and how much room is there. */
export function stateOf(path: string): FolderState {
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      accessSync(at, constants.W_OK);
      const problem = statSync(at).isDirectory() ? null : `${at} is no folder`;
      return { path, problem, freeBytes: freeBytes(at) };
    } catch (error) {
      const isAbsent =
        error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
      if (isAbsent && dirname(at) !== at) continue;
      return { path, problem: systemProblem(error) ?? String(error), freeBytes: freeBytes(at) };
    }
  }
}

function freeBytes(path: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return null;
  }
}

function folderProblems(name: string, { path, problem, freeBytes: free }: FolderState): string[] {
  const remedy = name === "working" ? "" : `; OAL_${name.toUpperCase()} names another one`;
  if (problem !== null) return [`the ${name} folder ${path} cannot be written (${problem})${remedy}`];
  if (free === null || free >= fewBytes) return [];
  return [`only ${Math.floor(free / 1e6)} MB are free for the ${name} folder ${path}${remedy}`];
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
}
