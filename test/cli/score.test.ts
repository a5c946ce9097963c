/** `oal score` and the library's calls behind it, on an untrained model: every picture has a line. */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scoreEach, scoreImages, type ImageResult } from "../../packages/oal/src/index.js";
import { scoreJson, scoreTable } from "../../packages/oal/src/cli/commands/scoreTable.js";
import { oal } from "./oal.js";
import { untrainedModel } from "./untrainedModel.js";

const folder = mkdtempSync(join(tmpdir(), "oal-score-"));
const at = (...path: string[]): string => join(folder, ...path);
const model = at("model");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function picture(path: string): Promise<void> {
  await sharp({ create: { width: 20, height: 18, channels: 3, background: "teal" } }).toFile(path);
}

beforeAll(async () => {
  await untrainedModel(model, ["cat", "dog\n"]);
  for (const name of ["mixed", "empty", "texts"]) mkdirSync(at(name));
  await picture(at("mixed", "b good.png"));
  await picture(at("mixed", "d\u001b[2J.png"));
  writeFileSync(at("mixed", "a text.jpg"), "hello");
  await picture(at("mixed", "c cut.png"));
  truncateSync(at("mixed", "c cut.png"), 60);
  writeFileSync(at("mixed", "notes.txt"), "");
  writeFileSync(at("texts", "notes.txt"), "");
});

async function all(paths: readonly string[]): Promise<ImageResult[]> {
  const results: ImageResult[] = [];
  for await (const result of scoreEach(model, paths)) results.push(result);
  return results;
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? { ...value } : {};

const codes = (results: readonly ImageResult[]): string[] =>
  results.map((result) => ("error" in result ? result.error.code : "scored"));

describe("scoreEach", () => {
  it("gives every picture a result, good ones among bad ones too", async () => {
    const found: unknown[] = [];
    const results: ImageResult[] = [];
    const onFound = (each: { pictures: number; skipped: ReadonlyMap<string, number> }): void =>
      void found.push(each.pictures, [...each.skipped]);
    for await (const result of scoreEach(model, [at("mixed")], { onFound })) results.push(result);
    expect(codes(results)).toEqual(["OAL-D102", "scored", "OAL-D102", "scored"]);
    expect(results[1]).toMatchObject({ path: at("mixed", "b good.png"), known: true, detector: "msp" });
    expect(found).toEqual([4, [[".txt", 1]]]);
  });

  it("says of a folder without pictures that it has none, and what it has", async () => {
    const results = await all([at("empty"), at("texts"), at("mixed", "b good.png")]);
    expect(codes(results)).toEqual(["OAL-D103", "OAL-D103", "scored"]);
    expect(results[1]).toMatchObject({ error: { message: `${at("texts")}: 1 file skipped: 1 .txt` } });
  });

  it.skipIf(process.platform === "win32")(
    "gives links, pipes and folders named like pictures a line",
    async () => {
      mkdirSync(at("odd", "dir.jpg"), { recursive: true });
      symlinkSync("nowhere.jpg", at("odd", "broken.jpg"));
      symlinkSync(at("mixed", "b good.png"), at("odd", "linked.png"));
      execFileSync("mkfifo", [at("odd", "pipe.jpg")]);
      const results = await all([at("odd"), at("odd", "pipe.jpg")]);
      expect(codes(results)).toEqual(["OAL-D102", "scored", "OAL-D102", "OAL-D102"]);
    },
  );

  it("stops between pictures", async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const stopped = (async () => {
      for await (const { path } of scoreEach(model, [at("mixed")], { signal: stop.signal })) {
        seen.push(path);
        stop.abort();
      }
    })();
    await expect(stopped).rejects.toThrow(/abort/i);
    expect(seen).toHaveLength(1);
  });
});

describe("a picture is taken as the model's training images were", () => {
  const record = (more: object): void => {
    const path = join(model, "detector.json");
    const { orientation: _o, maxPixels: _m, ...rest } = objectOf(JSON.parse(readFileSync(path, "utf8")));
    writeFileSync(path, JSON.stringify({ ...rest, ...more }));
  };
  const scoreOf = (result: ImageResult | undefined): number =>
    result && "score" in result ? result.score : Number.NaN;

  it("turned as the camera noted where the model's were; models without the record ignored it", async () => {
    mkdirSync(at("turned"));
    const noise = Uint8Array.from({ length: 18 * 18 * 3 }, (_, i) => (i * 2_654_435_761) >>> 24);
    const raw = { width: 18, height: 18, channels: 3 as const };
    const stored = await sharp(noise, { raw }).rotate(270).raw().toBuffer();
    await sharp(noise, { raw }).png().toFile(at("turned", "a upright.png"));
    await sharp(stored, { raw }).withMetadata({ orientation: 6 }).png().toFile(at("turned", "b phone.png"));
    record({ orientation: "apply" });
    const [upright, phone] = await all([at("turned")]);
    expect(scoreOf(phone)).toBe(scoreOf(upright));
    record({});
    const [same, lying] = await all([at("turned")]);
    expect(scoreOf(same)).toBe(scoreOf(upright));
    expect(scoreOf(lying)).not.toBe(scoreOf(upright));
  });

  it("refused beyond the pixels the model's were allowed", async () => {
    record({ maxPixels: 359 });
    expect(codes(await all([at("mixed", "b good.png")]))).toEqual(["OAL-D123"]);
    record({});
  });
});

describe("scoreImages", () => {
  it("is for readable pictures, and throws at the first other beyond skipBad", async () => {
    await expect(scoreImages(model, [at("mixed")])).rejects.toMatchObject({ code: "OAL-D102" });
    await expect(scoreImages(model, [at("mixed")], { skipBad: 1 })).rejects.toMatchObject({
      details: { file: at("mixed", "c cut.png") },
    });
    const left: string[] = [];
    const scored = await scoreImages(model, [at("mixed")], {
      skipBad: 2,
      onSkipped: (path) => left.push(path),
    });
    expect(scored.map(({ label }) => label)).toHaveLength(2);
    expect(left).toEqual([at("mixed", "a text.jpg"), at("mixed", "c cut.png")]);
    await expect(scoreImages(model, [at("empty")])).rejects.toMatchObject({ code: "OAL-D103" });
  });
});

describe("what is printed", () => {
  it("is one line for every picture, with nothing that steers a terminal", async () => {
    const table = scoreTable(await all([at("mixed")]), false);
    // oxlint-disable-next-line no-control-regex
    expect(table).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    const rows = table.split("\n").filter((line) => line.includes(folder));
    expect(rows.map((row) => row.split("│").map((cell) => cell.trim())[2])).toEqual([
      "unreadable",
      "known",
      "unreadable",
      "known",
    ]);
    expect(rows[0]).toMatch(/OAL-D102 its content is no picture/);
    expect(rows[3]).toContain("d\\x1b[2J.png");
    expect(table).toMatch(/\n2 known, 0 unknown, 2 unreadable \(known: msp score of at least 0\.000\)\n$/);
  });

  it("has code and message of errors in JSON", async () => {
    const parsed: unknown = JSON.parse(scoreJson(await all([at("mixed")])));
    expect(parsed).toMatchObject([
      {
        path: at("mixed", "a text.jpg"),
        error: { code: "OAL-D102", message: expect.stringContaining("is no picture") },
      },
      { known: true },
      { error: { code: "OAL-D102" } },
      { known: true },
    ]);
  });

  it("and the exit status tells whether all were read", () => {
    const score = (...more: string[]): ReturnType<typeof oal> =>
      oal(["score", model, "mixed", ...more], { cwd: folder });
    const mixed = score();
    expect(mixed.status).toBe(3);
    expect(mixed.stdout.split("\n").filter((line) => line.includes("mixed/"))).toHaveLength(4);
    expect(mixed.stderr).toMatch(
      /^1 file skipped: 1 \.txt\nOAL-D110 oal score: 2 images cannot be read, --skip-bad allows 0/m,
    );
    expect(score("--skip-bad", "2", "--json")).toMatchObject({
      status: 0,
      stderr: "1 file skipped: 1 .txt\n",
    });
    const strict = score("--strict", "--json");
    expect(strict.status).toBe(3);
    expect(JSON.parse(strict.stdout)).toMatchObject({ error: { code: "OAL-D102" } });
  });
});
