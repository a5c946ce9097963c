/** What Vulkan, by which WebGPU reaches a graphics processor on Linux, lacks on this machine. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Where the Vulkan loader looks for manifests of drivers, unless VK_DRIVER_FILES or VK_ICD_FILENAMES name them. */
const manifestFolders = ["/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/share/vulkan/icd.d"];

/**
 * What is missing, as sentences that say what to do.
 *
 * @param load tries to load a shared library; the reason why it cannot be, else null
 * @param environment whose variables name manifests
 * @param folders where manifests lie
 */
export function missingForVulkan(
  load: (library: string) => string | null,
  environment: NodeJS.ProcessEnv = process.env,
  folders: readonly string[] = manifestFolders,
): string[] {
  if (load("libvulkan.so.1") !== null)
    return ["the Vulkan loader libvulkan.so.1 is not installed (Debian: apt-get install libvulkan1)"];
  const named = environment["VK_DRIVER_FILES"] ?? environment["VK_ICD_FILENAMES"];
  const manifests = named ? named.split(":") : folders.flatMap(manifestsIn);
  if (manifests.length === 0)
    return [
      `no Vulkan driver is installed: ${folders.join(", ")} hold no manifest (Debian: apt-get install mesa-vulkan-drivers for AMD and Intel; NVIDIA's driver brings its own)`,
    ];
  const faults = manifests.map((path) => faultOf(path, load));
  return faults.every((fault) => fault !== null) ? faults.filter((fault) => fault !== null) : [];
}

/**
 * Tries to load a shared library into this process. Node takes only its own modules, but says so after the library was loaded.
 *
 * @returns why it cannot be loaded, else null
 */
export function loadLibrary(library: string): string | null {
  try {
    process.dlopen({ exports: {} }, library);
    return null;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return problem.includes("did not self-register") ? null : problem;
  }
}

function manifestsIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** Why the driver of a manifest is of no use, else null. */
function faultOf(path: string, load: (library: string) => string | null): string | null {
  const library = libraryOf(path);
  if (library === null) return `${path} is no manifest of a Vulkan driver`;
  const problem = load(library.includes("/") ? resolve(dirname(path), library) : library);
  if (problem !== null) return `the driver ${library} of ${path} cannot be loaded (${problem})`;
  return library.startsWith("libGLX_nvidia")
    ? `the driver ${library} of ${path} needs a display; without one write a manifest like it that names libEGL_nvidia.so.0 and set VK_ICD_FILENAMES to its path`
    : null;
}

function libraryOf(path: string): string | null {
  try {
    const found = /"library_path"\s*:\s*"([^"]+)"/.exec(readFileSync(path, "utf8"));
    return found?.[1] ?? null;
  } catch {
    return null;
  }
}
