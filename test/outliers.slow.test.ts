/**
 * Outliers from configuration to report, on pictures of a user's own: a union with a member whose pictures are chosen by the teacher's
 * score, classes that may not be turned, real pictures without those of the test, and outliers that fail their audit.
 */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pluginTools } from "oal";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { oal } from "./cli/oal.js";

const { graph, z } = pluginTools;
const folder = mkdtempSync(join(tmpdir(), "oal-outliers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
process.env["OAL_CACHE"] = join(folder, "cache");
process.env["OAL_STORE"] = join(folder, "store");
const random = new graph.Random(4, "pictures");
const size = 16;

/** Writes a picture whose brightness is a function of place, with noise. */
async function write(path: string, at: number, bright: (x: number, y: number) => boolean): Promise<void> {
  const draws = random.uniforms(at, size * size);
  const pixels = Buffer.alloc(3 * size * size);
  for (let i = 0; i < size * size; i++) {
    const [x, y] = [(i % size) - 7.5, Math.floor(i / size) - 7.5];
    pixels.fill((bright(x, y) ? 200 : 30) + 25 * (draws[i] ?? 0), 3 * i, 3 * i + 3);
  }
  await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toFile(path);
}

/** A disc looks the same however it is turned; a bar at the left does not. */
const classes = {
  disc: (x: number, y: number) => x * x + y * y < 30,
  left: (x: number) => x < -3,
  ring: (x: number, y: number) => Math.abs(Math.hypot(x, y) - 6) < 1.5,
};

beforeAll(async () => {
  let at = 0;
  for (const [name, bright] of Object.entries(classes)) {
    const place = join(folder, "photos", name);
    mkdirSync(place, { recursive: true });
    for (let i = 0; i < 60; i++) await write(join(place, `${i}.png`), at++, bright);
  }
  mkdirSync(join(folder, "others"));
  for (let i = 0; i < 12; i++)
    await write(join(folder, "others", `stripes${i}.png`), at++, (x, y) => Math.floor(x + y + i) % 4 < 2);
  writeFileSync(join(folder, "others", "broken.png"), "no picture");
  copyFileSync(join(folder, "others", "stripes0.png"), join(folder, "others", "twice.png"));
  copyFileSync(join(folder, "photos", "left", "3.png"), join(folder, "others", "known.png"));
});

const settings = (more: string): string => {
  const path = join(folder, "own.yaml");
  writeFileSync(
    path,
    `
preset: folder
threads: 1
methods: [oal]
data: { source: ${folder}, id: { path: photos }, size: 16, skipBad: 1, embedded: { validationOod: 20, ood: 20 } }
teacher: { widths: [8, 16, 16], epochs: 6, batchSize: 16, learningRate: 0.2 }
student: { widths: [8, 8, 8], epochs: 1, batchSize: 16 }
mi: { measure: false, embWeight: 0, latentWeight: 0 }
evaluation: { bootstrap: 0, detectors: [msp], scoreDetector: msp }
${more}
`,
  );
  return path;
};

const run = (more: string, ...flags: string[]) =>
  oal(["run", settings(more), "--out", join(folder, "run"), ...flags], { cwd: folder });

const auditSchema = z.looseObject({
  source: z.string(),
  classesLeftOut: z.array(z.looseObject({ name: z.string(), share: z.number() })),
  kept: z.looseObject({ count: z.number(), candidates: z.number(), share: z.number() }).nullable(),
});

function audits(): ReadonlyMap<string, ReturnType<typeof auditSchema.parse>> {
  const artifacts = join(folder, "run", "artifacts");
  return new Map(
    readdirSync(artifacts)
      .filter((name) => name.startsWith("outliers-"))
      .map((name) => {
        const audit = auditSchema.parse(
          JSON.parse(readFileSync(join(artifacts, name, "audit.json"), "utf8")),
        );
        return [audit.source, audit];
      }),
  );
}

it("a union of turned, chosen and real pictures goes from configuration to report", () => {
  const { stdout, stderr, status } = run(`
exposure: { outliers: union, uniformWeight: 0.1, distillWeight: 0.1 }
union: { members: { rotate: 1, phase: 1, folder: 2 } }
folder: { path: others }
keep: { sources: { phase: [0, 0.6] }, candidates: 200 }
`);
  expect([status, stderr, stdout]).toEqual([0, expect.any(String), expect.any(String)]);
  const found = audits();
  expect([...found.keys()].sort()).toEqual(["folder", "phase", "rotate"]);
  const left = found.get("rotate")?.classesLeftOut.map(({ name }) => name);
  expect(left).toContain("disc");
  expect(left).not.toContain("left");
  expect(stderr).toMatch(/leaves out the pictures of class(es)? .*disc \(\d+ %\)/);
  const kept = found.get("phase")?.kept;
  expect(kept?.candidates).toBe(200);
  expect(kept?.count).toBe(Math.round(200 * (kept?.share ?? 0)));
  expect(stderr).toMatch(
    /1 of 14 outlier pictures are left out, because they are pixel for pixel in other sets/,
  );
  const page = readFileSync(join(folder, "run", "report.html"), "utf8");
  for (const text of [
    "Outlier source rotate",
    "Outlier source phase",
    "rotate leaves out",
    "pictures were kept",
  ])
    expect(page).toContain(text);
}, 120_000);

it("outliers that fail their audit are trained on only where that is allowed", () => {
  const failing = `
exposure: { outliers: folder, uniformWeight: 0.1, distillWeight: 0 }
folder: { path: others }
audit: { distinct: 1 }
`;
  const refused = run(failing, "--until", "student");
  expect([refused.status, refused.stderr]).toEqual([3, expect.stringContaining("OAL-D181")]);
  expect(refused.stderr).toMatch(/only 9\d % of its pictures differ.*sheet\.png/s);
  const looked = audits().size;
  const allowed = run(failing, "--until", "student", "--allow-failed-audit");
  expect([allowed.status, allowed.stderr]).toEqual([
    0,
    expect.stringContaining("folder fails its audit: only 9"),
  ]);
  const made = readdirSync(join(folder, "run", "artifacts")).sort();
  // another limit judges what was measured: neither the pictures are looked at again nor a student trained again
  const eased = run(failing.replace("distinct: 1", "distinct: 0.9"), "--until", "student");
  expect([eased.status, eased.stderr]).toEqual([0, expect.not.stringContaining("fails its audit")]);
  expect(audits().size).toBe(looked);
  expect(readdirSync(join(folder, "run", "artifacts")).sort()).toEqual(made);
}, 120_000);

it("what leaves nothing is refused: bounds that no picture lies between, and pictures that are all known", () => {
  const none = run(
    `
exposure: { outliers: noise, uniformWeight: 0.1, distillWeight: 0 }
keep: { sources: { noise: [0.00001, 0.00002] }, candidates: 20 }
`,
    "--until",
    "student",
  );
  expect([none.status, none.stderr]).toEqual([3, expect.stringContaining("OAL-D182")]);
  const known = run(
    `
exposure: { outliers: folder, uniformWeight: 0.1, distillWeight: 0 }
folder: { path: photos/left }
`,
    "--until",
    "student",
  );
  expect([known.status, known.stderr]).toEqual([3, expect.stringContaining("OAL-D184")]);
  const missing = run("exposure: { outliers: folder }");
  expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining("folder.path")]);
}, 120_000);
