/** Scores out in every form and in again: the same numbers, and the same judgement. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Random } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { openArchive } from "../data/archives/archiveKind.js";
import { judgeScores } from "./judge.js";
import type { ModelScores, SetScores } from "./result.js";
import { readScoreArchive } from "./scoreArchive.js";
import { writeScores } from "./scoreFiles.js";
import { scoreFormats, scoresAsCsv, scoresAsParquet } from "./scoreForms.js";

const folder = mkdtempSync(join(tmpdir(), "oal-forms-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const random = new Random(9, "forms");
const set = (name: string, step: number, count: number, shift: number): SetScores => {
  const normals = random.normals(step, count).map((z) => z + shift);
  return {
    name,
    group: shift > 0 ? "test" : "far",
    ids: Array.from({ length: count }, (_, i) => `${name}, "${i}".png`),
    labels: Int32Array.from({ length: count }, (_, i) => (shift > 0 ? i % 4 : -1)),
    predictions: Int32Array.from({ length: count }, (_, i) => (i * 7) % 4),
    // klm computes in double precision
    confidence: { msp: normals, klm: Float64Array.from(normals, (z) => z / 3) },
  };
};
const sets = [set("cifar10", 0, 40, 1), set("tin", 1, 25, 0), set("places 365", 2, 30, -0.5)];
const scores: ModelScores = { model: "my net", seed: 0, detectors: ["msp", "klm"], sets };

describe("score files", () => {
  it.each(scoreFormats)("%s: written, read and judged", async (format) => {
    const own = join(folder, format);
    const paths = await writeScores(format, own, scores);
    const names = paths.map((path) => relative(own, path));
    const perSet = (of: string): string[] =>
      [`${of}cifar10`, `${of}tin`, `${of}places%20365`].map((n) => `${n}.${format}`);
    expect(names.toSorted()).toEqual(
      (format === "npz"
        ? [...perSet("my%20net-msp/"), ...perSet("my%20net-klm/")]
        : perSet("my%20net-")
      ).toSorted(),
    );
    for (const detector of scores.detectors) {
      const files = format === "npz" ? paths.filter((path) => path.includes(`-${detector}/`)) : paths;
      const found = await judgeScores(files, {
        resamples: 0,
        columns: [format === "npz" ? "score" : detector],
      });
      const expected = await judgeScores(await writeScores("csv", join(folder, "expected"), scores), {
        resamples: 0,
        columns: [detector],
      });
      expect(found.accuracy).toBe(expected.accuracy);
      expect(found.columns[0]?.sets.map(({ metrics, oscr }) => ({ metrics, oscr }))).toEqual(
        expected.columns[0]?.sets.map(({ metrics, oscr }) => ({ metrics, oscr })),
      );
    }
  });

  it("an archive has OpenOOD's members, stored, with its element types", async () => {
    await writeScores("npz", join(folder, "layout"), scores);
    const path = join(folder, "layout", "my%20net-klm", "tin.npz");
    const heads: Record<string, string> = {};
    for await (const member of openArchive(path).read(new Set(["pred.npy", "conf.npy", "label.npy"])))
      if ("bytes" in member) heads[member.path] = Buffer.from(member.bytes).toString("latin1", 10, 80).trim();
    const head = (type: string): string => `{'descr': '${type}', 'fortran_order': False, 'shape': (25,), }`;
    expect(Object.entries(heads)).toEqual([
      ["pred.npy", expect.stringContaining(head("<i8"))],
      ["conf.npy", expect.stringContaining(head("<f8"))],
      ["label.npy", expect.stringContaining(head("<i8"))],
    ]);
    const { confidence, labels, predictions } = await readScoreArchive(path);
    expect(confidence).toEqual(sets[1]?.confidence["klm"]);
    expect(labels).toEqual(sets[1]?.labels);
    expect(predictions).toEqual(sets[1]?.predictions);
    const single = await readScoreArchive(join(folder, "layout", "my%20net-msp", "cifar10.npz"));
    expect(single.confidence).toEqual(sets[0]?.confidence["msp"]);
    // the same scores make the same bytes, whenever they are written
    const again = await writeScores("npz", join(folder, "again"), scores);
    expect(readFileSync(again.find((each) => each.endsWith("-klm/tin.npz")) ?? "")).toEqual(
      readFileSync(path),
    );
    expect(readFileSync(path).readUInt16LE(8)).toBe(0); // stored
  });

  it("hold no truth where nobody said one, nor a row where there is none", async () => {
    const list = {
      ids: ["a"],
      labels: null,
      predictions: Int32Array.of(1),
      columns: new Map([["msp", [0.25]]]),
    };
    expect(scoresAsCsv(list)).toBe("id,prediction,msp\na,1,0.25\n");
    const none = {
      ids: [],
      labels: new Int32Array(),
      predictions: new Int32Array(),
      columns: new Map([["msp", []]]),
    };
    expect((await scoresAsParquet(none)).subarray(0, 4)).toEqual(new TextEncoder().encode("PAR1"));
    const empty = await writeScores("npz", join(folder, "empty"), {
      ...scores,
      detectors: ["msp"],
      sets: [{ name: "none", group: "far", ...none, confidence: { msp: [] } }],
    });
    expect((await readScoreArchive(empty[0] ?? "")).confidence).toHaveLength(0);
  });
});
