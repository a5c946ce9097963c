/** Models that are opened, and the pictures they are asked about, on an untrained model: every picture has a result. */
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
import { Readable } from "node:stream";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openModel, type OpenModelOptions, type ScoreResult } from "../packages/oal/src/index.js";
import { decide } from "oal-core";
import { findPictures, type FoundPictures } from "../packages/oal/src/pipeline/pictureFiles.js";
import { tarBytes, zipBytes } from "../packages/oal/src/testing/archives.js";
import { testEngine as engine } from "../packages/oal/src/testing/engine.js";
import { untrainedModel } from "./cli/untrainedModel.js";

const folder = mkdtempSync(join(tmpdir(), "oal-score-"));
const at = (...path: string[]): string => join(folder, ...path);
const model = at("untrained.onnx");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const noise = Uint8Array.from({ length: 18 * 18 * 3 }, (_, i) => (i * 2_654_435_761) >>> 24);
const raw = { width: 18, height: 18, channels: 3 as const };

async function picture(path: string): Promise<void> {
  await sharp({ create: { width: 20, height: 18, channels: 3, background: "teal" } }).toFile(path);
}

beforeAll(async () => {
  await untrainedModel(model, ["cat", "dog\n", "emu"]);
  for (const name of ["mixed", "empty", "texts"]) mkdirSync(at(name));
  await picture(at("mixed", "b good.png"));
  await sharp(noise, { raw }).toFile(at("mixed", "d\u001b[2J.png"));
  writeFileSync(at("mixed", "a text.jpg"), "hello");
  await picture(at("mixed", "c cut.png"));
  truncateSync(at("mixed", "c cut.png"), 60);
  writeFileSync(at("mixed", "notes.txt"), "");
  writeFileSync(at("texts", "notes.txt"), "");
});

/** Everything the model says of what paths stand for, and what was skipped. */
async function all(
  paths: readonly string[],
  { input, path = model, ...options }: OpenModelOptions & { input?: Uint8Array; path?: string } = {},
): Promise<{ results: ScoreResult[]; found: FoundPictures }> {
  const scorer = await openModel(path, { engine, ...options });
  const found = await findPictures(paths, input ? { input: Readable.from([input]) } : {});
  const results: ScoreResult[] = [];
  for await (const result of scorer.stream(found.pictures())) results.push(result);
  await scorer.release();
  await found.close();
  return { results, found };
}

const codes = (results: readonly ScoreResult[]): string[] =>
  results.map(({ error }) => (error ? error.code : "scored"));
const codesOf = async (...paths: string[]): Promise<string[]> => codes((await all(paths)).results);

describe("an opened model", () => {
  it("says of a path, of a file's bytes and of pixels the same", async () => {
    const scorer = await openModel(model, { engine });
    const path = at("mixed", "d\u001b[2J.png");
    const given = [path, readFileSync(path), { width: 18, height: 18, data: noise }];
    const [first, ...others] = await Promise.all(given.map((each) => scorer.score(each)));
    expect(first).toMatchObject({ id: path, known: true, detector: "msp" });
    for (const other of others) expect({ ...other, id: path }).toEqual(first);
    expect(await scorer.score({ id: "noise", picture: () => path })).toEqual({ ...first, id: "noise" });
    await scorer.release();
  });

  it("names label, probability, p value and the best classes, and stands by its decision", async () => {
    const scorer = await openModel(model, { engine, top: 2 });
    const result = await scorer.score({ width: 18, height: 18, data: noise });
    if (result.error) throw result.error;
    expect(result.top).toHaveLength(2);
    expect(result.top[0]).toEqual({ label: result.label, confidence: result.confidence });
    expect(result.confidence).toBeCloseTo(result.score, 6); // msp is the largest probability
    expect(result.top[1]?.confidence).toBeLessThanOrEqual(result.confidence);
    const { known, pValue } = decide(scorer.decision, result.score);
    expect([result.known, result.pValue]).toEqual([known, Math.fround(pValue)]);
    await scorer.release();
    const strict = await openModel(model, { engine, threshold: 2 });
    expect(await strict.score({ width: 18, height: 18, data: noise })).toMatchObject({ known: false });
    await strict.release();
  });

  it("gives a picture the same bits alone and in any batch", async () => {
    const many = Array.from({ length: 21 }, (_, i) => ({
      id: String(i),
      picture: { width: 18, height: 18, data: noise.map((value) => (value * (i + 3)) & 255) },
    }));
    const said: ScoreResult[][] = [];
    for (const batchSize of [1, 2, 5, 8, 64]) {
      const scorer = await openModel(model, { engine, batchSize });
      const results: ScoreResult[] = [];
      for await (const result of scorer.stream(many)) results.push(result);
      said.push(results);
      await scorer.release();
    }
    expect(new Set(said[0]?.map(({ score }) => score)).size).toBeGreaterThan(15);
    for (const results of said.slice(1)) expect(results).toEqual(said[0]);
  });

  it("hands out what is there while its source makes it wait, in order, decoding ahead", async () => {
    const scorer = await openModel(model, { engine, batchSize: 3 });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    async function* source(): AsyncGenerator<{ id: string; picture: string }> {
      for (const id of ["0", "1", "2", "3"]) yield { id, picture: at("mixed", "b good.png") };
      await held;
      yield { id: "4", picture: at("mixed", "b good.png") };
    }
    const seen: string[] = [];
    for await (const { id } of scorer.stream(source())) {
      seen.push(id);
      if (id === "3") release(); // reached only if a slow source holds nothing up
    }
    expect(seen).toEqual(["0", "1", "2", "3", "4"]);
    await scorer.release();
  });

  it("refuses what is no picture, a detector that it does not hold, and work after its release", async () => {
    const scorer = await openModel(model, { engine });
    // @ts-expect-error a number is no picture
    await expect(scorer.score(42)).rejects.toMatchObject({ code: "OAL-C120" });
    await scorer.release();
    await scorer.release();
    await expect(scorer.score(at("mixed", "b good.png"))).rejects.toMatchObject({ code: "OAL-E215" });
    const other = openModel(model, { engine, detector: "knn" });
    await expect(other).rejects.toMatchObject({ code: "OAL-E214", message: "the model holds msp, not knn" });
    await expect(openModel(at("none"))).rejects.toMatchObject({ code: "OAL-D101" });
    await expect(openModel(at("empty"))).rejects.toMatchObject({ code: "OAL-I121" });
    await expect(openModel(at("mixed", "b good.png"))).rejects.toMatchObject({ code: "OAL-I143" });
  });

  it("stops between pictures", async () => {
    const stop = new AbortController();
    const scorer = await openModel(model, { engine });
    const seen: string[] = [];
    const stopped = (async () => {
      const pictures = [at("mixed", "b good.png"), at("mixed", "b good.png")];
      for await (const { id } of scorer.stream(pictures, { signal: stop.signal })) {
        seen.push(id);
        stop.abort();
      }
    })();
    await expect(stopped).rejects.toThrow(/abort/i);
    expect(seen).toHaveLength(1);
    await scorer.release();
  });
});

describe("pictures of a command line", () => {
  it("have a result each, good ones among bad ones too; what is no picture is counted", async () => {
    const { results, found } = await all([at("mixed")]);
    expect(codes(results)).toEqual(["OAL-D102", "scored", "OAL-D102", "scored"]);
    expect(results[0]).toMatchObject({ known: null, label: null, score: null, top: [] });
    expect(results[1]).toMatchObject({ id: at("mixed", "b good.png"), known: true });
    expect([found.count, [...found.skipped]]).toEqual([4, [[".txt", 1]]]);
  });

  it("of one that does not exist, or a folder without any, stop no others", async () => {
    const { results } = await all([at("gone.jpg"), at("empty"), at("texts"), at("mixed", "b good.png")]);
    expect(codes(results)).toEqual(["OAL-D101", "OAL-D103", "OAL-D103", "scored"]);
    expect(results[2]?.error?.message).toBe(`${at("texts")}: 1 file skipped: 1 .txt`);
  });

  it("that are named are pictures by ending or first bytes; others are counted as skipped", async () => {
    writeFileSync(at("photo.dat"), readFileSync(at("mixed", "b good.png")));
    writeFileSync(at("table.docx"), zipBytes([{ name: "word/media/a.png", body: noise }]));
    const { results, found } = await all([at("photo.dat"), at("mixed", "notes.txt"), at("table.docx")]);
    expect(codes(results)).toEqual(["scored"]);
    expect([...found.skipped]).toEqual([
      [".txt", 1],
      [".docx", 1],
    ]);
  });

  it("lie in archives too, and say the same there", async () => {
    const good = readFileSync(at("mixed", "b good.png"));
    const members = [
      { name: "x/good.png", body: good },
      { name: "x/bad.jpg", body: "hello" },
      { name: "notes.txt", body: "" },
    ];
    writeFileSync(at("photos.zip"), zipBytes(members));
    writeFileSync(at("photos.tar"), tarBytes(members));
    const [alone] = (await all([at("mixed", "b good.png")])).results;
    for (const name of ["photos.zip", "photos.tar"]) {
      const { results, found } = await all([at(name)]);
      expect(codes(results).sort()).toEqual(["OAL-D102", "scored"]);
      expect([found.count, [...found.skipped]]).toEqual([2, [[".txt", 1]]]);
      const scored = results.find(({ error }) => !error);
      expect(scored).toEqual({ ...alone, id: at(name, "x/good.png") });
    }
    truncateSync(at("photos.zip"), 50);
    expect(await codesOf(at("photos.zip"), at("mixed", "b good.png"))).toEqual(["OAL-D109", "scored"]);
  });

  it("come from standard input, one or an archive of them", async () => {
    const good = readFileSync(at("mixed", "b good.png"));
    const [alone] = (await all([at("mixed", "b good.png")])).results;
    expect((await all(["-"], { input: good })).results).toEqual([{ ...alone, id: "-" }]);
    const archive = zipBytes([{ name: "a.png", body: good }]);
    expect((await all(["-"], { input: archive })).results).toEqual([{ ...alone, id: "-/a.png" }]);
    expect(codes((await all(["-"], { input: Buffer.from("hello") })).results)).toEqual(["OAL-D102"]);
    expect(codes((await all(["-"], { input: Buffer.alloc(0) })).results)).toEqual(["OAL-D102"]);
  });

  it.skipIf(process.platform === "win32")("may be links, pipes and folders named like pictures", async () => {
    mkdirSync(at("odd", "dir.jpg"), { recursive: true });
    symlinkSync("nowhere.jpg", at("odd", "broken.jpg"));
    symlinkSync(at("mixed", "b good.png"), at("odd", "linked.png"));
    execFileSync("mkfifo", [at("odd", "pipe.jpg")]);
    expect(await codesOf(at("odd"), at("odd", "pipe.jpg"))).toEqual([
      "OAL-D102",
      "scored",
      "OAL-D102",
      "OAL-D102",
    ]);
  });
});

describe("a picture is taken as the model's training images were", () => {
  it("turned as the camera noted where the model's were", async () => {
    mkdirSync(at("turned"));
    const stored = await sharp(noise, { raw }).rotate(270).raw().toBuffer();
    await sharp(noise, { raw }).png().toFile(at("turned", "a upright.png"));
    await sharp(stored, { raw }).withMetadata({ orientation: 6 }).png().toFile(at("turned", "b phone.png"));
    const turning = at("turning.onnx");
    await untrainedModel(turning, ["cat", "dog"], { orientation: "apply" });
    const scores = async (path: string): Promise<(number | null)[]> =>
      (await all([at("turned")], { path })).results.map(({ score }) => score);
    const [upright, phone] = await scores(turning);
    expect(phone).toBe(upright);
    const [standing, lying] = await scores(model);
    expect(lying).not.toBe(standing);
  });

  it("refused beyond the pixels the model's were allowed", async () => {
    const path = at("small.onnx");
    await untrainedModel(path, ["cat", "dog"], { maxPixels: 359 });
    expect(codes((await all([at("mixed", "b good.png")], { path })).results)).toEqual(["OAL-D123"]);
  });
});
