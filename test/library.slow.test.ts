/**
 * The README's examples, taken out of the README and run as a user would: the library example in a folder of drawn pictures, with the
 * package installed (the built one) and a configuration small enough for a test.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "oal-core";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { resultsFromJson } from "../packages/oal/src/evaluation/resultForm.js";
import { oalInside } from "./cli/inside.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "oal-library-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The README's only code block of a language. */
function block(language: string): string {
  const found = [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))];
  expect(found).toHaveLength(1);
  return found[0]?.[1] ?? "";
}

/** Pictures of one colour with noise, as PNG, of any size. */
async function draw(path: string, count: number, colour: readonly [number, number, number]): Promise<void> {
  mkdirSync(join(folder, path), { recursive: true });
  const random = new Random(1, path);
  for (let i = 0; i < count; i++) {
    const [width, height] = [40 + random.integer(0, i, 20), 40 + random.integer(1, i, 20)];
    const noise = random.normals(i, width * height * 3);
    const pixels = Uint8Array.from(noise, (value, at) =>
      Math.max(0, Math.min(255, (colour[at % 3] ?? 0) + 25 * value)),
    );
    await sharp(pixels, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(join(folder, path, `${i}.png`));
  }
}

/** The smallest networks and the fewest steps that go through every stage. */
const tiny = `
preset: folder
threads: 1
data: { source: ., id: { path: photos }, ood: [{ name: unknown, path: photos-unknown }] }
teacher: { widths: [8, 8, 16], epochs: 4, batchSize: 16 }
student: { widths: [8, 8, 16], epochs: 4, batchSize: 16 }
boundary: { rounds: 1, noise: 16 }
autoEncoder: { width: 8, steps: 3, batchSize: 8 }
denoiser: { channels: 16, steps: 3, batchSize: 8 }
synthesis: { count: 12, inliers: 6, steps: 2 }
mi: { hidden: 16 }
evaluation: { bootstrap: 50, keep: 0.6, storedDetectors: [mls] }
`;

process.env["OAL_CACHE"] = join(folder, "cache");

describe("README", { timeout: 300_000 }, () => {
  it("has a library example that runs as it stands", async () => {
    for (const [name, colour] of [
      ["red", [200, 60, 60]],
      ["green", [60, 180, 60]],
      ["blue", [60, 60, 200]],
    ] as const)
      await draw(join("photos", name), 12, colour);
    await draw("photos-unknown", 6, [128, 128, 128]);
    writeFileSync(join(folder, "photos.yaml"), tiny);
    writeFileSync(join(folder, "example.mjs"), block("js"));
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    expect(block("js").trim().split("\n").length).toBeLessThanOrEqual(20);
    const { stdout, stderr, status } = spawnSync(process.execPath, ["example.mjs"], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    });
    expect(stderr).not.toContain("Error");
    expect(status).toBe(0);
    for (const method of ["ce", "kd", "oal"]) {
      expect(stdout).toMatch(new RegExp(`│ ${method} +│ ebo `));
      expect(existsSync(join(folder, "runs", "photos", "models", `${method}.onnx`))).toBe(true);
    }
    const scored = stdout.split("\n").filter((line) => line.includes(".png"));
    expect(scored).toHaveLength(6);
    for (const line of scored)
      expect(line).toMatch(/^photos-unknown\/\d\.png (unknown|(red|green|blue) \d+ %)$/);
  });

  it("measures the teacher on the test images, and finds it all again", async () => {
    const again = await oalInside(["evaluate", "photos.yaml", "--out", "runs/photos", "--json"], {
      cwd: folder,
    });
    expect(again.status).toBe(0);
    const found = Number(/"teacherAccuracy": ([\d.]+)/.exec(again.stdout)?.[1]);
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThanOrEqual(1);
    expect(again.stdout).toMatch(/"teacher:test": ".*teacher-test-/);
    expect(again.stderr).not.toMatch(/teacher +\d/); // nothing is trained again
  });

  it("leaves models that the command line scores with", async () => {
    const args = ["score", "runs/photos", "photos/red/0.png", "photos-unknown"];
    const table = await oalInside(args, { cwd: folder });
    expect(table.stderr).toBe("");
    expect(table.stdout).toMatch(/│ image +│ verdict +│ label +│ confidence │ +score │ +p value │/);
    const sentence =
      /\n\d known, \d unknown\nmodel oal of runs\/photos \((.*)\); known: ebo score of at least -?\d+\.\d+\n$/;
    expect(sentence.exec(table.stdout)?.[1]).toBe("runs/photos/models/oal.onnx");
    const asked = await oalInside([...args, "--json", "--detector", "mls", "--threshold", "-100"], {
      cwd: folder,
    });
    expect(JSON.parse(asked.stdout)).toMatchObject({
      model: "runs/photos/models/oal.onnx",
      name: "oal",
      detector: "mls",
      threshold: -100,
      results: ["photos/red/0.png", ...Array.from({ length: 6 }, (_, i) => `photos-unknown/${i}.png`)].map(
        (id) => ({ id, known: true, detector: "mls" }),
      ),
    });
    const none = await oalInside([...args, "--threshold", "1e6"], { cwd: folder });
    expect(none.stdout).toContain("0 known, 7 unknown");
    expect((await oalInside([...args, "--detector", "msp"], { cwd: folder })).stderr).toContain(
      "OAL-E214 the model holds mls, ebo, not msp",
    );
  });

  it("leaves a run folder that the command line goes on with, up to the report", async () => {
    const { stdout, stderr, status } = await oalInside(["run", "photos.yaml", "--out", "runs/photos"], {
      cwd: folder,
    });
    expect(stderr).toContain("evaluation:oal found, made earlier");
    expect(stdout).toContain("report: runs/photos/report.html\n");
    expect(status).toBe(0);
    expect(existsSync(join(folder, "runs", "photos", "report.html"))).toBe(true);
    for (const pair of ["kd - ce", "oal - ce", "oal - kd"])
      expect(stdout).toMatch(new RegExp(`│ ${pair} +│ ebo +│ far +│ AUROC +│ +-?\\d+\\.\\d\\d \\[`));
    const written: unknown = JSON.parse(
      readFileSync(join(folder, "runs", "photos", "differences.json"), "utf8"),
    );
    expect(written).toContainEqual(
      expect.objectContaining({ on: "unknown", metric: "auroc", delongP: expect.any(Number) }),
    );
  });

  it("tells one threshold in results, report and score", async () => {
    const results = resultsFromJson(readFileSync(join(folder, "runs", "photos", "results.json"), "utf8"));
    const found = results.find(({ model }) => model === "oal");
    const ebo = found?.detectors.find(({ id }) => id === "ebo")?.decision;
    expect(ebo).toMatchObject({ target: 0.6, detector: "ebo" });
    const { stdout } = await oalInside(["score", "runs/photos", "photos/red/0.png", "--json"], {
      cwd: folder,
    });
    expect(JSON.parse(stdout)).toMatchObject({ threshold: ebo?.cuts.unknown });
    const report = readFileSync(join(folder, "runs", "photos", "report.html"), "utf8");
    const row = /<span class="soft">ebo<\/span>\s*<\/th>\s*<td>([^<]+)<\/td>\s*<td>([^<]+)<\/td>/;
    const rows = [...report.matchAll(new RegExp(row, "g"))].map(([, cut, target]) => [Number(cut), target]);
    expect(rows).toHaveLength(3);
    expect(rows.at(-1)?.[0]).toBeCloseTo(ebo?.cuts.unknown ?? NaN, 2);
    expect(rows.map(([, target]) => target)).toEqual(["60.0", "60.0", "60.0"]);
  });

  it("measures anew on other validation images", async () => {
    for (const name of ["red", "green", "blue"]) await draw(join("others", name), 2, [90, 90, 90]);
    const keys = async (validation: string): Promise<Record<string, string>> => {
      const settings = ["data.test={path: photos}", `data.validation={path: ${validation}}`];
      const args = ["plan", "photos.yaml", "--json", ...settings.flatMap((setting) => ["--set", setting])];
      const { stdout, status, stderr } = await oalInside(args, { cwd: folder });
      expect(status, stderr).toBe(0);
      const planned: readonly { name: string; key: string }[] = JSON.parse(stdout);
      return Object.fromEntries(planned.map(({ name, key }) => [name, key]));
    };
    const [photos, others, again] = [await keys("photos"), await keys("others"), await keys("photos")];
    expect(again).toEqual(photos);
    for (const stage of ["teacher", "student:ce", "evaluation:ce", "report"]) {
      expect(photos[stage]).toMatch(/^[0-9a-f]{64}$/);
      expect(others[stage], stage).not.toBe(photos[stage]);
    }
  });

  it("claims neither intervals nor tests without resamples", async () => {
    const args = ["report", "photos.yaml", "--out", "runs/photos", "--set", "evaluation.bootstrap=0"];
    const { stdout, status } = await oalInside(args, { cwd: folder });
    expect(status).toBe(0);
    expect(stdout).toMatch(/│ oal +│ ebo +│ +\d+\.\d\d │ +\d+\.\d\d │/);
    expect(stdout).not.toMatch(/NaN|intervals|oal - kd/);
    const page = readFileSync(join(folder, "runs", "photos", "report.html"), "utf8");
    expect(page).toContain("no intervals were asked for");
    expect(page.replaceAll(/base64,[^"]+/g, "")).not.toMatch(/NaN|95\s%\sbootstrap/);
    expect(readFileSync(join(folder, "runs", "photos", "differences.json"), "utf8")).toBe("[]");
  });

  it("leaves out unreadable pictures only when allowed, and says so", async () => {
    writeFileSync(join(folder, "bad.jpg"), "no picture");
    const args = ["score", "runs/photos/models/ce.onnx", "bad.jpg", "photos/red/0.png"];
    const refused = await oalInside(args, { cwd: folder });
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toMatch(/^OAL-D110 [^]*\bbad\.jpg: /);
    const passed = await oalInside([...args, "--skip-bad", "1"], { cwd: folder });
    expect(passed.stdout).toMatch(/│ bad\.jpg .*OAL-D102/);
    expect(passed.stdout).toMatch(/│ photos\/red\/0\.png .*known/);
    expect(passed.status).toBe(0);
  });

  it("has a configuration file that is accepted", async () => {
    writeFileSync(join(folder, "example.yaml"), block("yaml"));
    const { stdout, stderr, status } = await oalInside(["config", "example.yaml", "--json"], { cwd: folder });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ preset: "folder" });
  });

  it("names the two set-up commands", () => {
    expect(readme).toContain("npm ci && npm start");
    expect(readme).toContain("npm ci && npm test");
  });
});
