/** Several score files: which rows are the same images, which are sets of their own, and what marks unknown ones. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { auroc, Random } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { judgeScores } from "./judge.js";
import { npzBytes } from "./npz.js";

const root = mkdtempSync(join(tmpdir(), "oal-judge-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const place = (name: string, bytes: string | Uint8Array): string => {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
};
const random = new Random(6, "judged files");
const draw = (step: number, count: number, shift = 0): number[] =>
  Array.from(random.normals(step, count), (z) => z + shift);
const npz = (name: string, conf: readonly number[], label: number, pred = 0): string =>
  place(
    name,
    npzBytes({
      conf: Float32Array.from(conf),
      label: BigInt64Array.from(conf, () => BigInt(label)),
      pred: BigInt64Array.from(conf, () => BigInt(pred)),
    }),
  );
const quick = { resamples: 0 } as const;

describe("folders of several detectors", () => {
  const known = [draw(0, 40, 1), draw(1, 40, 2)];
  const far = [draw(2, 30), draw(3, 30)];
  const near = [draw(4, 20, 0.5), draw(5, 20, 0.5)];
  const files = ["ebo", "knn"].flatMap((id, k) => [
    npz(`scores/${id}/cifar10.npz`, known[k] ?? [], 0),
    npz(`scores/${id}/svhn.npz`, far[k] ?? [], -1),
    npz(`scores/${id}/tin.npz`, near[k] ?? [], -1),
  ]);

  it("with files of the same names are columns, compared row by row", async () => {
    const found = await judgeScores(files, { resamples: 100, higher: "known" });
    expect(found.senses[0]).toBe(
      "ebo, knn: folders with the same files, so each holds other scores of the same rows",
    );
    expect(found.known).toBe(40);
    expect(found.accuracy).toBe(1);
    const [ebo, knn] = found.columns;
    expect([ebo?.column, knn?.column]).toEqual(["ebo", "knn"]);
    expect(knn?.sets.map(({ name, metrics }) => [name, metrics.auroc])).toEqual([
      ["svhn", auroc(Float32Array.from(known[1] ?? []), Float32Array.from(far[1] ?? []))],
      ["tin", auroc(Float32Array.from(known[1] ?? []), Float32Array.from(near[1] ?? []))],
    ]);
    expect(found.differences.some(({ first, second }) => first === "ebo" && second === "knn")).toBe(true);
  });

  it("are given as such, and stand for the score files that they hold", async () => {
    place("scores/ebo/readme.txt", "no scores");
    place("scores/knn/.hidden.csv", "no scores");
    const whole = await judgeScores([join(root, "scores/ebo"), `${join(root, "scores/knn")}/`], quick);
    expect(whole).toEqual(await judgeScores(files, quick));
    const given = { ...quick, id: [join(root, "scores/ebo/cifar10.npz")], ood: [join(root, "unknown")] };
    npz("unknown/svhn.npz", far[0] ?? [], 0);
    npz("unknown/tin.npz", near[0] ?? [], 0);
    expect((await judgeScores([], given)).columns[0]?.sets.map(({ name }) => name)).toEqual(["svhn", "tin"]);
  });

  it("of models that call rows differently have no accuracy in common", async () => {
    const other = npz("models/b/id.npz", known[1] ?? [], 0, 1);
    const mine = npz("models/a/id.npz", known[0] ?? [], 0);
    const sets = [npz("models/a/ood.npz", far[0] ?? [], -1), npz("models/b/ood.npz", far[1] ?? [], -1)];
    expect((await judgeScores([mine, other, ...sets], quick)).accuracy).toBeNull();
  });

  it("are refused where their rows cannot be the same: counts, known ones, files that one lacks", async () => {
    const told = async (...paths: string[]): Promise<string> =>
      judgeScores(paths, quick).then(String, (error: unknown) =>
        error instanceof Error ? error.message : "",
      );
    const a = place("counts/a/s.csv", "label,x\n0,1\n-1,2\n");
    expect(await told(a, place("counts/b/s.csv", "label,x\n0,1\n-1,2\n-1,3\n"))).toContain(
      "one has 2 rows, the other 3",
    );
    expect(await told(a, place("counts/c/s.csv", "label,x\n-1,1\n0,2\n"))).toContain("which rows are known");
    const lone = place("counts/c/t.csv", "label,x\n-1,1\n0,2\n");
    expect(await told(a, join(root, "counts/c/s.csv"), lone)).toContain("but not the same ones in each");
  });

  it("are put in one order by the names of their rows", async () => {
    const a = place("order/a/s.csv", "image,label,x\np,0,3\nq,0,2\nr,-1,1\n");
    const b = place("order/b/s.csv", "image,label,x\nr,-1,5\nq,0,6\np,0,7\n");
    const { columns } = await judgeScores([a, b], { ...quick, higher: "known" });
    expect(columns.map(({ mean }) => mean.metrics.auroc)).toEqual([1, 1]);
    const c = place("order/c/s.csv", "image,label,x\nr,-1,5\nq,0,6\nz,0,7\n");
    await expect(judgeScores([a, c], quick)).rejects.toThrow('row "p" is not once in each');
  });

  it("are called by what tells them apart, and a column of all of them can be asked for", async () => {
    const run = (name: string, shift: number): string =>
      place(`runs/${name}/scores/s.csv`, `label,ebo,knn\n0,${shift},1\n-1,0,2\n`);
    const files = [run("a", 3), run("b", -3)];
    const named = async (...columns: string[]): Promise<string[]> =>
      (await judgeScores(files, { ...quick, columns })).columns.map(({ column }) => column);
    expect(await named("ebo")).toEqual(["a", "b"]);
    expect(await named("a knn", "b ebo")).toEqual(["a knn", "b ebo"]);
    await expect(named("vim")).rejects.toThrow("those that do: a ebo, a knn, b ebo, b knn");
  });

  it("that are one set each, as they are given, give sets their names", async () => {
    const one = (name: string): string => place(`each/${name}/conf.csv`, "conf\n1\n2\n");
    const given = { ...quick, id: [one("cifar10")], ood: [one("svhn"), one("tin")] };
    const [column] = (await judgeScores([], given)).columns;
    expect(column?.sets.map(({ name }) => name)).toEqual(["svhn/conf", "tin/conf"]);
  });
});

describe("known rows in several files", () => {
  const csv = (name: string, set: string, shift: number): string =>
    place(
      name,
      ["image,label,ebo", ...[1, 2, 3].map((i) => `k${i}.png,0,${i + shift}`), `${set}.png,-1,0`].join("\n"),
    );

  it("count once where every set has them before it", async () => {
    const found = await judgeScores([csv("once/a.csv", "a", 0), csv("once/b.csv", "b", 0)], quick);
    expect(found.known).toBe(3);
    expect(found.senses.at(-1)).toBe(
      "3 known rows stand in several files, with the same scores, and count once",
    );
    expect(found.columns[0]?.sets.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("are refused where they have other scores there: models or seeds in one", async () => {
    const mixed = judgeScores([csv("mixed/s0.csv", "a", 0), csv("mixed/s1.csv", "a", 1)], quick);
    await expect(mixed).rejects.toThrow(
      /row "k1.png" is known in .*s0.csv and in .*s1.csv, with other scores \(ebo\)/,
    );
  });

  it("of files without a column in common are no matter of models", async () => {
    const files = ["x", "y"].map((name) =>
      place(`apart/${name}.csv`, `image,label,${name}\np,0,1\nq,-1,0\n`),
    );
    await expect(judgeScores(files, quick)).rejects.toThrow("no column of scores in common");
  });

  it("without names are said to be taken for different images", async () => {
    const parts = [npz("parts/a.npz", [3, 4], 0), npz("parts/b.npz", [3, 4], 0), npz("parts/c.npz", [1], -1)];
    const found = await judgeScores(parts, quick);
    expect(found.known).toBe(4);
    expect(found.senses.at(-1)).toMatch(/^known rows come from 2 files .* taken for different images$/);
  });
});

describe("unknown rows", () => {
  it("are those of the value that is given", async () => {
    const numbers = place("value/numbers.csv", "label,conf\n0,3\n1,1\n0,2\n1,0\n");
    const found = await judgeScores([numbers], { ...quick, unknown: "label=1" });
    expect(found.senses[0]).toContain('2 known, 2 unknown rows, by column "label": 1 is unknown');
    expect(found.columns.map(({ column }) => column)).toEqual(["conf"]);
    const words = place("value/words.csv", "type,conf\nid,3\nOOD,1\n");
    expect((await judgeScores([words], { ...quick, unknown: "type=ood" })).known).toBe(1);
    // what to do is said where it was not given
    await expect(judgeScores([numbers], quick)).rejects.toThrow("as --unknown label=1");
    await expect(judgeScores([words], quick)).rejects.toThrow("--unknown type=ood");
    await expect(judgeScores([words], { ...quick, unknown: "kind=ood" })).rejects.toThrow(
      'it has no column "kind"; its columns are type, conf',
    );
    await expect(judgeScores([words], { ...quick, unknown: "ood" })).rejects.toThrow(
      "takes a column and its value",
    );
  });

  it("are divided by a column of sets, and never pooled", async () => {
    const lines = [
      "dataset,seed,label,conf",
      "cifar10,0,3,5",
      "cifar10,1,4,4",
      "svhn,0,-1,1",
      "tin,0,-1,4.5",
    ];
    const found = await judgeScores([place("sets/all.csv", lines.join("\n"))], { ...quick, higher: "known" });
    expect(found.columns[0]?.sets.map(({ name, metrics }) => [name, metrics.auroc])).toEqual([
      ["svhn", 1],
      ["tin", 0.5],
    ]);
    expect(found.senses.join()).toContain(
      'the rows of 2 seeds (column "seed") are judged as if they were one',
    );
  });
});

it("reads what Python's json writes of infinite scores", async () => {
  const lines = [
    '{"label": 0, "conf": Infinity}',
    '{"label": 0, "conf": 1}',
    '{"label": -1, "conf": -Infinity}',
  ];
  for (const [name, text] of [
    ["python.jsonl", lines.join("\n")],
    ["python.json", `[${lines.join(", ")}]`],
  ] as const) {
    const found = await judgeScores([place(name, text)], quick);
    expect(found.columns[0]?.mean.metrics.auroc).toBe(1);
  }
  const gap = place("gap.jsonl", '{"label": 0, "conf": 1}\n{"label": -1, "conf": NaN}');
  await expect(judgeScores([gap], quick)).rejects.toThrow('column "conf" has no number in row 2');
});
