/** What a process computes on once it has opened WebGPU: told by the driver it has loaded and the device files it holds. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";

/** A graphics adapter. */
export interface Adapter {
  /** The driver, as the name of its library: "libvk_swiftshader.so", "Metal". */
  readonly driver: string;
  /** Whether it is a graphics processor; a driver that computes on the CPU is none. Null where that cannot be told. */
  readonly hardware: boolean | null;
}

/** Vulkan drivers that compute on the CPU. */
const softwareDriver = /^libvk_swiftshader|^libvulkan_lvp|^libVkICD_mock/;
/** Vulkan drivers of graphics processors, by how their libraries are called. */
const hardwareDriver =
  /^lib(GLX|EGL)_nvidia|^libnvidia-(vulkan|glcore|eglcore)|^libvulkan_(?!lvp)\w+|^libamdvlk|^amdvlk|^libMali|^libpvr|^libVK_IMG/i;
/** Files of graphics processors. */
const deviceFile = /^\/dev\/(nvidia\d+|dri\/renderD\d+|dxg|mali\d*|kgsl.*|pvr.*)$/;

/**
 * The adapter of a process that has opened one. On Linux a graphics processor is one whose driver is loaded and whose device file is
 * held open: a driver alone may be there without a device, and then something else computes.
 *
 * @param process where the kernel tells of the process; another folder for tests
 * @param platform as `process.platform`
 */
export function adapterOf(
  process = "/proc/self",
  platform: NodeJS.Platform = globalThis.process.platform,
): Adapter {
  if (platform === "darwin") return { driver: "Metal", hardware: true };
  if (platform !== "linux") return { driver: "unknown", hardware: null };
  const libraries = loadedLibraries(process);
  const graphics = libraries.find((name) => hardwareDriver.test(name));
  if (graphics !== undefined && heldFiles(process).some((path) => deviceFile.test(path)))
    return { driver: graphics, hardware: true };
  const software = libraries.find((name) => softwareDriver.test(name));
  return { driver: software ?? graphics ?? "unknown", hardware: false };
}

function loadedLibraries(process: string): string[] {
  const lines = readFileSync(join(process, "maps"), "utf8").split("\n");
  const paths = lines.flatMap((line) => {
    const at = line.indexOf("/");
    return at < 0 ? [] : [line.slice(at)];
  });
  return [...new Set(paths)].map((path) => basename(path)).filter((name) => name.includes(".so"));
}

function heldFiles(process: string): string[] {
  const folder = join(process, "fd");
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(join(folder, name))];
    } catch {
      return []; // closed meanwhile
    }
  });
}
