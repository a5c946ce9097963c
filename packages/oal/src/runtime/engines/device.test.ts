/** Which device is chosen, and what is told when a driver is missing, wrong or deadly. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { adapterOf } from "./adapter.js";
import { chooseDevice } from "./device.js";
import { tryIn, type ProbeResult } from "./probe.js";
import { loadLibrary, missingForVulkan } from "./vulkan.js";

const folder = mkdtempSync(join(tmpdir(), "oal-device-"));
afterAll(() => rmSync(folder, { recursive: true }));

const found = (result: Partial<ProbeResult>) => () =>
  Promise.resolve({ adapter: null, blockSize: 0, problem: null, missing: [], ...result });
const card = { driver: "libEGL_nvidia.so.0", hardware: true };
const software = { driver: "libvk_swiftshader.so", hardware: false };

describe("chooseDevice", () => {
  it("asks nothing for the CPU", async () => {
    const never = (): never => {
      throw new Error("asked");
    };
    expect(await chooseDevice("cpu", 3, never)).toEqual({
      choice: { device: "cpu", threads: 3 },
      sentence: null,
    });
  });

  it("auto takes a graphics processor that passes, and nothing else, and says which", async () => {
    const taken = await chooseDevice("auto", 2, found({ adapter: card }));
    expect(taken.choice).toEqual({ device: "webgpu", threads: 2, adapter: card.driver });
    expect(taken.sentence).toBe("computes on WebGPU (libEGL_nvidia.so.0), which passed its self-test");
    const others: [Partial<ProbeResult>, string][] = [
      [{ adapter: software }, "(libvk_swiftshader.so) computes on the CPU itself"],
      [{ adapter: { driver: "unknown", hardware: null } }, "may be no graphics processor"],
      [{ adapter: card, problem: "it computed 0" }, "cannot be used (it computed 0)"],
      [{ problem: "none was found", missing: ["no driver"] }, "cannot be used (none was found; no driver)"],
    ];
    for (const [result, reason] of others) {
      const chosen = await chooseDevice("auto", 2, found(result));
      expect(chosen.choice).toEqual({ device: "cpu", threads: 2 });
      expect(chosen.sentence).toContain("computes on the CPU: WebGPU ");
      expect(chosen.sentence).toContain(reason);
    }
  });

  it("auto takes a card only where it trains faster, by the measured step", async () => {
    const faster = await chooseDevice(
      "auto",
      2,
      found({ adapter: card, times: { device: 3.21, cpu: 40.04 } }),
    );
    expect(faster.choice.device).toBe("webgpu");
    expect(faster.sentence).toContain("the measured step takes 3.2 ms there and 40.0 ms on the CPU");
    const slower = found({ adapter: card, times: { device: 41, cpu: 40 } });
    const left = await chooseDevice("auto", 2, slower);
    expect(left.choice).toEqual({ device: "cpu", threads: 2 });
    expect(left.sentence).toBe(
      "computes on the CPU: the measured step takes 41.0 ms there and 40.0 ms on the CPU (WebGPU (libEGL_nvidia.so.0)); --device webgpu takes it all the same",
    );
    expect((await chooseDevice("webgpu", 2, slower)).choice.device).toBe("webgpu");
  });

  it("webgpu takes any adapter that computes rightly, and is an error without one", async () => {
    const taken = await chooseDevice("webgpu", 0, found({ adapter: software }));
    expect(taken.choice.device).toBe("webgpu");
    expect(taken.sentence).toContain("no graphics processor");
    await expect(
      chooseDevice("webgpu", 0, found({ problem: "none was found", missing: ["no loader"] })),
    ).rejects.toMatchObject({
      code: "OAL-R112",
      message: "WebGPU cannot be used here: none was found; no loader",
    });
  });
});

describe("a probe in a process of its own", () => {
  const probe = async (program: string, milliseconds = 30_000): Promise<ProbeResult> => {
    const path = join(folder, "probe.mjs");
    writeFileSync(path, program);
    return tryIn([path], milliseconds);
  };

  it("gives its answer, whatever was printed before", async () => {
    const answer = { adapter: card, blockSize: 0, problem: null, missing: [] };
    expect(await probe(`console.log("chatter"); console.log('${JSON.stringify(answer)}');`)).toEqual(answer);
  });

  it("tells of a driver that ends the process, does not answer, or answers nonsense", async () => {
    const aborted = await probe(`console.error("terminate called"); process.abort();`);
    expect(aborted.problem).toBe("the driver ended the process that tried it (SIGABRT: terminate called)");
    expect((await probe(`process.exit(7);`)).problem).toContain("exit status 7");
    expect((await probe(`setInterval(() => 0, 1000);`, 300)).problem).toContain(
      "did not answer within 0.3 s",
    );
    expect((await probe(`console.log("{}");`)).problem).toBe("the probe gave no answer");
  });
});

describe("what Vulkan lacks", () => {
  const nothing = (): null => null;
  const manifest = (name: string, library: string): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify({ ICD: { library_path: library } }));
    return path;
  };

  it("is the loader, a driver, or a driver's library, each with what to do", () => {
    const absent = (library: string): string => `${library}: cannot open shared object file`;
    expect(missingForVulkan(absent, {}, [])).toEqual([expect.stringContaining("apt-get install libvulkan1")]);
    expect(missingForVulkan(nothing, {}, [join(folder, "none")])).toEqual([
      expect.stringContaining("no Vulkan driver is installed"),
    ]);
    const good = manifest("good.json", "libgood.so");
    const relative = manifest("relative.json", "./libhere.so");
    const nvidia = manifest("nvidia.json", "libGLX_nvidia.so.0");
    expect(missingForVulkan(nothing, { VK_ICD_FILENAMES: good }, [])).toEqual([]);
    expect(missingForVulkan(nothing, { VK_DRIVER_FILES: `${nvidia}:${good}` }, [])).toEqual([]);
    expect(missingForVulkan(nothing, { VK_ICD_FILENAMES: nvidia }, [])).toEqual([
      expect.stringContaining("libEGL_nvidia.so.0"),
    ]);
    const lost = (library: string): string | null => (library.includes("vulkan") ? null : `no ${library}`);
    expect(missingForVulkan(lost, { VK_ICD_FILENAMES: relative }, [])).toEqual([
      `the driver ./libhere.so of ${relative} cannot be loaded (no ${join(folder, "libhere.so")})`,
    ]);
    expect(missingForVulkan(nothing, { VK_ICD_FILENAMES: join(folder, "absent") }, [])).toEqual([
      expect.stringContaining("is no manifest"),
    ]);
  });

  it.runIf(process.platform === "linux")("is found by loading", () => {
    expect(loadLibrary("libc.so.6")).toBeNull();
    expect(loadLibrary("liboal-none.so.1")).toContain("liboal-none.so.1");
  });
});

describe("the adapter of a process", () => {
  const processWith = (name: string, libraries: readonly string[], files: readonly string[]): string => {
    const at = join(folder, name);
    mkdirSync(join(at, "fd"), { recursive: true });
    const lines = libraries.map((library) => `7f00-7f01 r-xp 0 08:01 9   /usr/lib/${library}`);
    writeFileSync(join(at, "maps"), ["7f00-7f01 rw-p 0 00:00 0", ...lines].join("\n"));
    files.forEach((file, i) => symlinkSync(file, join(at, "fd", String(i))));
    return at;
  };

  it.each([
    [
      "nvidia",
      ["libc.so.6", "libEGL_nvidia.so.535"],
      ["/dev/null", "/dev/nvidia0"],
      "libEGL_nvidia.so.535",
      true,
    ],
    [
      "amd",
      ["libvulkan_radeon.so", "libvulkan_lvp.so"],
      ["/dev/dri/renderD128"],
      "libvulkan_radeon.so",
      true,
    ],
    [
      "a driver without a device",
      ["libvulkan_radeon.so", "libvulkan_lvp.so"],
      ["/dev/null"],
      "libvulkan_lvp.so",
      false,
    ],
    ["software", ["libvk_swiftshader.so"], ["/dev/null"], "libvk_swiftshader.so", false],
    [
      "a device without a driver",
      ["libvk_swiftshader.so"],
      ["/dev/dri/renderD128"],
      "libvk_swiftshader.so",
      false,
    ],
    ["nothing known", ["libc.so.6"], [], "unknown", false],
  ])("%s", (name, libraries, files, driver, hardware) => {
    expect(adapterOf(processWith(name, libraries, files), "linux")).toEqual({ driver, hardware });
  });

  it("is Metal on a Mac, and not told elsewhere", () => {
    expect(adapterOf(folder, "darwin")).toEqual({ driver: "Metal", hardware: true });
    expect(adapterOf(folder, "win32").hardware).toBeNull();
  });
});
