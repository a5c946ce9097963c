/** What goes before what in a search: the keys of a point, `--set`, `--method`, the configuration. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { candidatesOf } from "../../pipeline/search/candidates.js";
import { loadOf, pointsOf, type SearchCommandOptions } from "./search.js";

const folder = mkdtempSync(join(tmpdir(), "oal-search-command-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "points.yaml");
writeFileSync(path, "kd: { methods: kd }\nslow: { student.epochs: 3 }\n");

it.each<[SearchCommandOptions, string[]]>([
  [{}, ["kd", "oal"]],
  [{ method: ["ce", "ce"], set: ["seed=1"] }, ["kd", "ce"]],
  [{ method: ["oal"], set: ["methods=[ce]"] }, ["kd", "ce"]],
])("with %j a point keeps its own methods", (options, judged) => {
  const load = loadOf("embedded", options);
  const found = candidatesOf(pointsOf({ points: path }, load), load);
  expect(found.map(({ config }) => config.methods)).toEqual(judged.map((method) => [method]));
});

it("the first point of the screening of sources is distillation alone, whatever --method says of the others", () => {
  const points = fileURLToPath(new URL("../../../../../recipes/cifar10Sources.yaml", import.meta.url));
  const load = loadOf("cifar10-small", { method: ["oal"], data: folder });
  const all = pointsOf({ points }, load);
  expect(all).toHaveLength(16);
  const [first, last] = candidatesOf([...all.slice(0, 1), ...all.slice(-1)], load);
  expect([first?.config.methods, last?.config.methods]).toEqual([["kd"], ["oal"]]);
});

it("a method that does not exist is refused by the option that names it", () => {
  expect(() => loadOf("embedded", { method: ["okl"] })([])).toThrow(/--method.*there is no recipe "okl"/);
});

it("a point gives the members of a union as a whole, or the share of one of them", () => {
  const members = join(folder, "members.yaml");
  writeFileSync(
    members,
    "two: { union: { members: { phase: 1, jigsaw: 2 } } }\nmore: { union.members.phase: 3 }\n",
  );
  const load = loadOf("embedded", { set: ["exposure.outliers=union", "union.members.rotate=0"] });
  const found = candidatesOf(pointsOf({ points: members }, load), load);
  expect(found.map(({ config }) => config["union"])).toEqual([
    { members: { phase: 1, jigsaw: 2 } },
    { members: { phase: 3, jigsaw: 1, rotate: 0, latents: 1 } },
  ]);
});
