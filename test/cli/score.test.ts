/** `oal score`, on an untrained model: every picture has a line. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ScoreFile } from "../../packages/oal/dist/cli/commands/scoreFile.js";
import { guardOutput } from "../../packages/oal/dist/cli/output.js";
import { openModel, type OpenModelOptions, type ScoreResult } from "../../packages/oal/src/index.js";
import { csvForm } from "../../packages/oal/src/cli/commands/scoreForms.js";
import { modelSentence, scoreTable } from "../../packages/oal/src/cli/commands/scoreTable.js";
import { readScoreArchive } from "../../packages/oal/src/evaluation/scoreArchive.js";
import { parseCsv } from "../../packages/oal/src/evaluation/scoreFiles.js";
import { findPictures } from "../../packages/oal/src/pipeline/pictureFiles.js";
import { testEngine as engine } from "../../packages/oal/src/testing/engine.js";
import { oalInside, type Ended } from "./inside.js";
import { untrainedModel } from "./untrainedModel.js";

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
  mkdirSync(at("mixed"));
  await picture(at("mixed", "b good.png"));
  await sharp(noise, { raw }).toFile(at("mixed", "d\u001b[2J.png"));
  writeFileSync(at("mixed", "a text.jpg"), "hello");
  await picture(at("mixed", "c cut.png"));
  truncateSync(at("mixed", "c cut.png"), 60);
  writeFileSync(at("mixed", "notes.txt"), "");
});

/** Everything the model says of the pictures in "mixed". */
async function mixedResults(options: OpenModelOptions = {}): Promise<ScoreResult[]> {
  const scorer = await openModel(model, { engine, ...options });
  const found = await findPictures([at("mixed")]);
  const results: ScoreResult[] = [];
  for await (const result of scorer.stream(found.pictures())) results.push(result);
  await scorer.release();
  return results;
}

describe("what is printed", () => {
  it("is one line for every picture, with nothing that steers a terminal", async () => {
    const scorer = await openModel(model, { engine });
    const results = await mixedResults();
    const table = scoreTable(model, scorer, results, { color: false, top: 1 });
    await scorer.release();
    // oxlint-disable-next-line no-control-regex
    expect(table).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    const rows = table.split("\n").filter((line) => line.startsWith(`│ ${folder}`));
    expect(rows.map((row) => row.split("│").map((cell) => cell.trim())[2])).toEqual([
      "unreadable",
      "known",
      "unreadable",
      "known",
    ]);
    expect(rows[0]).toMatch(/OAL-D102 its content is no picture/);
    expect(rows[3]).toContain("d\\x1b[2J.png");
    expect(table).toMatch(
      /\n2 known, 0 unknown, 2 unreadable\nmodel untrained \(.*\); known: msp score of at least 0\.000\n$/,
    );
  });

  it("tells which known pictures a person should look at", async () => {
    const path = at("asks.onnx");
    await untrainedModel(path, ["cat", "dog", "emu"], {}, { ask: 2 });
    const scorer = await openModel(path, { engine });
    const result = await scorer.score(at("mixed", "b good.png"));
    const table = scoreTable(path, scorer, [result], { color: false, top: 1 });
    await scorer.release();
    expect(table).toMatch(/\n1 known \(1 to ask about\), 0 unknown\n.*; known\?: known, but near the cut/);
    expect(csvForm(1).row(result)).toMatch(/png,true,true,/);
  });

  it("says that cuts of classes are no one cut", async () => {
    const path = at("classes.onnx");
    await untrainedModel(path, ["cat", "dog", "emu"], {}, { perClass: 0.25 });
    const scorer = await openModel(path, { engine });
    await scorer.release();
    expect(scorer.threshold).toBeNull();
    expect(modelSentence(path, scorer)).toMatch(
      /; known: msp score of at least the cut of the predicted class$/,
    );
    const given = await openModel(path, { engine, threshold: 0.5 });
    await given.release();
    expect(modelSentence(path, given)).toMatch(/; known: msp score of at least 0\.500$/);
  });

  it("keeps classes of one name apart in the file of scores", async () => {
    const path = at("cranes.onnx");
    await untrainedModel(path, ["crane", "crane", "crane"]);
    const scorer = await openModel(path, { engine });
    const file = await ScoreFile.begin(at("cranes.csv"));
    const chosen: (number | null)[] = [];
    for (let i = 0; i < 12; i++) {
      const data = Uint8Array.from(noise, (value, k) => (k % 3 === i % 3 ? value : 20 * i));
      const result = await scorer.score({ width: 18, height: 18, data });
      file.take(result);
      chosen.push(result.classIndex);
    }
    await scorer.release();
    await file.write(scorer);
    const [header = [], ...rows] = parseCsv(readFileSync(at("cranes.csv"), "utf8"));
    expect(new Set(chosen).size).toBeGreaterThan(1);
    expect(rows.map((row) => row[header.indexOf("prediction")])).toEqual(chosen.map(String));
  });

  it("names the most probable classes that were asked for, in CSV too", async () => {
    const results = await mixedResults({ top: 3 });
    const form = csvForm(3);
    const [header = [], ...lines] = parseCsv(
      [form.begin(), ...results.map((result) => form.row(result))].join(""),
    );
    expect(header.join()).toBe(
      "id,known,ask,label,confidence,pValue,score,detector,label2,confidence2,label3,confidence3,error,reason",
    );
    expect(lines).toHaveLength(4);
    const scored = results[1];
    expect(lines[1]?.slice(8, 12)).toEqual(
      scored?.top.slice(1).flatMap(({ label, confidence }) => [label, String(confidence)]),
    );
    expect(lines[0]?.slice(1, 7)).toEqual(["", "", "", "", "", ""]);
    expect(lines[0]?.[12]).toBe("OAL-D102");
  });

  it("and the exit status tells whether all were read", async () => {
    const score = (...more: string[]): Promise<Ended> =>
      oalInside(["score", model, "mixed", ...more], { cwd: folder });
    const mixed = await score("gone.png");
    expect(mixed.status).toBe(3);
    expect(mixed.stdout.split("\n").filter((line) => /│ (mixed\/|gone)/.test(line))).toHaveLength(5);
    expect(mixed.stderr).toMatch(
      /^1 file skipped: 1 \.txt\nOAL-D110 oal score: 3 images cannot be read, --skip-bad allows 0/m,
    );
    const json = await score("--skip-bad", "2", "--json");
    expect(json).toMatchObject({ status: 0, stderr: "1 file skipped: 1 .txt\n" });
    expect(JSON.parse(json.stdout)).toMatchObject({
      format: "oal.score/1",
      given: model,
      model,
      name: "untrained",
      detector: "msp",
      threshold: 0,
      skipped: { ".txt": 1 },
      results: [
        {
          id: join("mixed", "a text.jpg"),
          known: null,
          error: { code: "OAL-D102", message: expect.stringContaining("is no picture") },
        },
        { known: true, top: expect.any(Array) },
        { error: { code: "OAL-D102" } },
        { known: true },
      ],
    });
    const page = join("pages", "review.html");
    const lines = await score("--skip-bad", "2", "--jsonl", "--rank", "unknown", "--thumbs", page);
    expect(lines.stderr).toMatch(
      /^model untrained \(.*\); known: msp score of at least 0\.000\n.*review\.html: all 2 pictures, the most unknown first\n1 file skipped/,
    );
    const ranked = lines.stdout
      .trim()
      .split("\n")
      .map((line): { known: boolean | null; score: number } => JSON.parse(line));
    expect(ranked).toMatchObject([{ known: true }, { known: true }, { known: null }, { known: null }]);
    expect(ranked[0]?.score).toBeLessThan(ranked[1]?.score ?? 0);
    const html = readFileSync(at(page), "utf8");
    expect(html.match(/<img/g)).toHaveLength(2);
    expect(html).toContain("2 known, 0 unknown, 2 unreadable");
    expect(html).toContain("c cut.png");
    const stopped = await score("--strict", "--rank", "unknown", "--thumbs", "stopped.html");
    expect(stopped).toMatchObject({ status: 3, stderr: expect.stringMatching(/^OAL-D102/) });
    expect(stopped.stdout).toMatch(/a text\.jpg .*unreadable/);
    expect(existsSync(at("stopped.html"))).toBe(false);
    const saved = await score("--skip-bad", "2", "--save", join("saved", "mixed.npz"), "--csv");
    expect(saved.stderr).toMatch(
      /mixed\.npz: msp score and class of 2 pictures; what they are is not said in it/,
    );
    const archive = await readScoreArchive(at("saved", "mixed.npz"));
    expect(archive.labels).toBeNull();
    const rows = parseCsv(saved.stdout).filter((row) => row[7] === "msp" && row[1] !== "");
    expect(Array.from(archive.confidence, String)).toEqual(
      rows.map((row) => String(Math.fround(Number(row[6])))),
    );
    expect(Array.from(archive.predictions ?? [], (k) => ["cat", "dog\n", "emu"][k])).toEqual(
      rows.map((row) => row[3]),
    );
    expect(await score("--save", "scores.xlsx")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("must end in .csv or .npz or .parquet"),
    });
    const strict = await score("--strict", "--json");
    expect(strict.status).toBe(3);
    expect(JSON.parse(strict.stdout)).toMatchObject({ error: { code: "OAL-D102" } });
    expect(await score("--json", "--csv")).toMatchObject({
      status: 2,
      stdout: expect.stringContaining("OAL-C102"),
    });
  });

  it("takes names from a file, by lines or NUL bytes, and tells when there is nothing to do", async () => {
    writeFileSync(at("names"), "mixed/b good.png\nmixed/d\u001b[2J.png\n");
    writeFileSync(at("names0"), "mixed/b good.png\0");
    const list = await oalInside(["score", model, "--files-from", "names", "--csv"], {
      cwd: folder,
    });
    expect(list.status).toBe(0);
    expect(parseCsv(list.stdout)).toHaveLength(3);
    const single = await oalInside(["score", model, "--files-from", "names0", "--csv"], { cwd: folder });
    expect(parseCsv(single.stdout)).toHaveLength(2);
    expect(await oalInside(["score", model], { cwd: folder })).toMatchObject({ status: 2 });
    const none = await oalInside(["score", model, "mixed/notes.txt"], { cwd: folder });
    expect(none).toMatchObject({ status: 3, stderr: expect.stringContaining("OAL-D103") });
  });

  it.skipIf(process.platform !== "linux")(
    "takes names that are no UTF-8 as find -print0 gives them",
    async () => {
      const name = Buffer.from("caf\xe9.png", "latin1");
      writeFileSync(
        Buffer.concat([Buffer.from(`${folder}/`), name]),
        readFileSync(at("mixed", "b good.png")),
      );
      writeFileSync(at("raw"), Buffer.concat([name, Buffer.from("\0gone\xff\0", "latin1")]));
      const { stdout, status } = await oalInside(["score", model, "--files-from", "raw", "--csv"], {
        cwd: folder,
      });
      const [, read, gone] = parseCsv(stdout);
      expect(read?.slice(0, 2)).toEqual(["caf\\xe9.png", "true"]);
      expect(gone?.[0]).toBe("gone\\xff");
      expect(gone?.join()).toContain("OAL-D101");
      expect(status).toBe(3);
    },
  );

  it("is one document with --json, whatever is wrong", async () => {
    const none = await oalInside(["score", model, "mixed/notes.txt", "--json"], { cwd: folder });
    expect(none.status).toBe(3);
    expect(JSON.parse(none.stdout)).toMatchObject({ error: { code: "OAL-D103" } });
    // a folder takes the file's place while pictures are read
    const take = vi.spyOn(ScoreFile.prototype, "take").mockImplementation(() => mkdirSync(at("s.csv")));
    const { stdout, stderr, status } = await oalInside(
      ["score", model, "mixed/b good.png", "--json", "--save", "s.csv"],
      { cwd: folder },
    );
    take.mockRestore();
    expect(JSON.parse(stdout)).toMatchObject({ results: [{ known: true }] });
    expect(stderr).toMatch(/^OAL-I101 .*s\.csv/);
    expect(status).toBe(7);
  });

  // the last one: that nobody reads any more stays so
  it("stops with the reader of its rows, unless a file is wanted", async () => {
    guardOutput();
    process.stdout.emit("error", Object.assign(new Error("closed"), { code: "EPIPE" }));
    const pictures = ["mixed/b good.png", "mixed/c cut.png"];
    const rows = await oalInside(["score", model, ...pictures, "--csv"], { cwd: folder });
    expect(parseCsv(rows.stdout)).toHaveLength(2);
    expect(rows.status).toBe(0);
    const saved = await oalInside(["score", model, ...pictures, "--csv", "--save", "all.csv"], {
      cwd: folder,
    });
    expect(parseCsv(saved.stdout)).toHaveLength(3);
    expect(saved.status).toBe(3);
  });
});
