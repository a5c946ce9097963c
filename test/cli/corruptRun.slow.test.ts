/**
 * A finished run folder in which one file is damaged, every file in turn: what is scored, evaluated or reported from it may
 * be made again or be refused with an error of the catalogue, never end in a fault of oal or for ever.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "oal-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oal } from "./oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-corrupt-"));
process.env["OAL_CACHE"] = join(folder, "cache");
afterAll(() => {
  delete process.env["OAL_CACHE"];
  rmSync(folder, { recursive: true, force: true });
});
const random = new Random(1, "test/corrupt");

const settings = [
  "methods=[oal]",
  "data.size=16",
  "data.embeddedOod=false",
  "teacher={network: resnetSmall, width: 4, batchSize: 8, epochs: 1}",
  "student={network: resnetSmall, width: 4, batchSize: 8, epochs: 1}",
  "boundary={noise: 8, rounds: 1}",
  "autoEncoder={width: 8, steps: 2, batchSize: 8}",
  "denoiser={channels: 16, steps: 2, batchSize: 8}",
  "synthesis={count: 12, inliers: 4, steps: 2}",
  "evaluation.bootstrap=10",
].flatMap((setting) => ["--set", setting]);

const command = (name: string, out: string): ReturnType<typeof oal> =>
  oal([name, "--quiet", "--data", "photos", "--ood", "unknown", "--out", out, ...settings], { cwd: folder });

/** The files of a run folder, relative, without the lock and the hashes in names. */
function filesOf(out: string): string[] {
  return readdirSync(join(folder, out), { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, out, name)).isFile())
    .sort();
}

const damages: readonly (readonly [name: string, damage: (path: string) => void])[] = [
  [
    "cut short",
    (path) => writeFileSync(path, readFileSync(path).subarray(0, Math.floor(statSync(path).size / 2))),
  ],
  ["emptied", (path) => writeFileSync(path, "")],
  [
    "other bytes",
    (path) =>
      writeFileSync(
        path,
        Uint8Array.from(random.uniforms(0, statSync(path).size), (u) => u * 256),
      ),
  ],
  [
    "a folder",
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
  [
    "JSON of another form",
    (path) => writeFileSync(path, '{"format": 1, "stages": [], "network": {"id": "toString"}}'),
  ],
  ["gone", (path) => rmSync(path)],
];

beforeAll(async () => {
  for (const [set, count] of [
    ["photos/ant", 8],
    ["photos/bee", 8],
    ["unknown", 4],
  ] as const) {
    mkdirSync(join(folder, set), { recursive: true });
    for (let i = 0; i < count; i++) {
      const pixels = Uint8Array.from(random.uniforms(1000 * set.length + i, 20 * 18 * 3), (u) => u * 256);
      const image = sharp(pixels, { raw: { width: 20, height: 18, channels: 3 } });
      await image.toFile(join(folder, set, `${i}.png`));
    }
  }
  const { status, stderr } = command("run", "whole");
  expect(status, stderr).toBe(0);
});

/** What is wrong with how a command ended. */
function problems({ status, stderr, stdout }: ReturnType<typeof oal>): string[] {
  const text = stdout + stderr;
  return /OAL-X|^ +at /m.test(text) || status === 70 || status === null ? [text.slice(0, 600)] : [];
}

describe("a run folder with one damaged file", () => {
  it("is scored with, or refused", () => {
    const found: string[] = [];
    for (const name of filesOf("whole").filter((each) => each.startsWith("models")))
      for (const [kind, damage] of damages) {
        cpSync(join(folder, "whole", "models"), join(folder, "copy", "models"), { recursive: true });
        damage(join(folder, "copy", name));
        const scored = oal(["score", "copy", "photos/ant/0.png", "--json"], { cwd: folder });
        found.push(...problems(scored).map((text) => `${name} ${kind}: ${text}`));
        JSON.parse(scored.stdout);
        rmSync(join(folder, "copy"), { recursive: true, force: true });
      }
    expect(found).toEqual([]);
  });

  it("is evaluated and reported anew, or refused", () => {
    const found: string[] = [];
    for (const [index, name] of filesOf("whole").entries()) {
      if (name.startsWith("models")) continue;
      const [kind, damage] = damages[index % damages.length] ?? ["", () => undefined];
      cpSync(join(folder, "whole"), join(folder, "copy"), { recursive: true });
      damage(join(folder, "copy", name));
      const ended = command(index % 2 === 0 ? "report" : "evaluate", "copy");
      found.push(...problems(ended).map((text) => `${name} ${kind}: ${text}`));
      rmSync(join(folder, "copy"), { recursive: true, force: true });
    }
    expect(found).toEqual([]);
    // every file of a run, with students to train anew behind some of them: three minutes on two idle cores
  }, 600_000);
});
