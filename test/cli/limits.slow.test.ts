/** Limits of memory and disk, on the real command line. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "oal-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main, oal } from "./oal.js";

const root = mkdtempSync(join(tmpdir(), "oal-limits-"));
const photos = join(root, "photos");
const mounted: string[] = [];
const cache = process.env["OAL_CACHE"];

beforeAll(async () => {
  process.env["OAL_CACHE"] = join(root, "cache");
  const random = new Random(1, "test/photos");
  for (const [label, name] of ["ant", "bee", "cow"].entries()) {
    mkdirSync(join(photos, name), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const pixels = Uint8Array.from(
        random.uniforms(8 * label + i, 3 * 64 * 64),
        (u) => 60 * (label + 1) + 60 * u,
      );
      await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
        .jpeg()
        .toFile(join(photos, name, `${i}.jpg`));
    }
  }
});

afterAll(() => {
  for (const folder of mounted) spawnSync("umount", [folder]);
  rmSync(root, { recursive: true, force: true });
  if (cache === undefined) delete process.env["OAL_CACHE"];
  else process.env["OAL_CACHE"] = cache;
});

const quick = [
  ["teacher.epochs=1", "student.epochs=1", "autoEncoder.steps=1", "denoiser.steps=1"],
  ["synthesis={count: 4, inliers: 2, steps: 2}", "evaluation.bootstrap=10", "data.embeddedOod=false"],
].flatMap((settings) => settings.flatMap((setting) => ["--set", setting]));

/** Runs oal and gives the most memory that its process had at once, in bytes. */
async function peakMemory(
  args: readonly string[],
): Promise<{ status: number | null; peak: number; stderr: string }> {
  const child = spawn(process.execPath, [main, ...args], { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  let [peak, stderr] = [0, ""];
  child.stderr.on("data", (text) => (stderr += String(text)));
  const watch = setInterval(() => {
    try {
      const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
      peak = Math.max(peak, 1024 * Number(kilobytes ?? 0));
    } catch {
      // it has just ended
    }
  }, 50);
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(watch);
  return { status, peak, stderr };
}

describe.skipIf(process.platform !== "linux")("memory", () => {
  it(
    "of 24 pictures of 224 pixels stays below 1.5 GB, and is what was estimated",
    { timeout: 900_000 },
    async () => {
      const run = [
        "run",
        "--data",
        photos,
        "--set",
        "data.size=224",
        "--out",
        "large",
        "--method",
        "oal",
        ...quick,
      ];
      const { status, peak, stderr } = await peakMemory(run);
      expect([status, stderr]).toEqual([0, expect.stringContaining("of memory for training")]);
      expect(peak).toBeLessThan(1.5e9);
      const { memory } = JSON.parse(readFileSync(join(root, "large", "run.json"), "utf8")).current;
      expect(memory.estimated / peak).toBeGreaterThan(1 / 1.5);
      expect(memory.estimated / peak).toBeLessThan(1.5);
    },
  );
});

/** A folder on a disk of so many kilobytes; undefined where mounting is not allowed. */
function smallDisk(kilobytes: number): string | undefined {
  const folder = mkdtempSync(join(root, "disk-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", folder]);
  if (status !== 0) return undefined;
  mounted.push(folder);
  return folder;
}

describe("a full disk", () => {
  it("under the cache names OAL_CACHE", (context) => {
    const disk = smallDisk(64) ?? context.skip("tmpfs cannot be mounted here");
    process.env["OAL_CACHE"] = disk;
    const { status, stderr } = oal(["run", "--data", photos, "--out", "full-cache", "-q", ...quick], {
      cwd: root,
    });
    process.env["OAL_CACHE"] = join(root, "cache");
    expect([status, stderr]).toEqual([
      7,
      expect.stringMatching(/OAL-I131[^]*disk-[^]*the disk is full[^]*OAL_CACHE/),
    ]);
    expect(stderr).not.toContain("    at ");
  });

  it.for([
    ["the run folder", 150],
    ["the store", 150],
    ["the store", 1500],
    ["the store", 5000],
  ] as const)(
    "under %s names it, --out and OAL_STORE (%i KB)",
    { timeout: 300_000 },
    ([where, size], context) => {
      const disk = smallDisk(size) ?? context.skip("tmpfs cannot be mounted here");
      const usual = process.env["OAL_STORE"];
      const out = where === "the store" ? `full-store-${size}` : join(disk, "run");
      process.env["OAL_STORE"] = where === "the store" ? join(disk, "store") : join(root, `store-${size}`);
      const { status, stderr } = oal(["run", "--data", photos, "--out", out, "-q", ...quick], { cwd: root });
      process.env["OAL_STORE"] = usual;
      expect([status, stderr]).toEqual([7, expect.stringMatching(/OAL-I101[^]*disk-[^]*--out[^]*OAL_STORE/)]);
      expect(stderr).not.toContain("    at ");
    },
  );
});
