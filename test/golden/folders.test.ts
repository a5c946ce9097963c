/** That no folder of the reference values goes untested, and what the table after the tests says. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { referenceRoot } from "../../packages/oal/src/testing/golden.js";
import { goldenFolders, type GoldenNote } from "../../packages/oal/src/testing/goldenSuite.js";
import { goldenTable } from "../goldenTable.js";

/** Every folder with a manifest; that of golden values inside a model's folder counts for the model. */
function* foldersIn(root: string, at = ""): Generator<string> {
  if (existsSync(join(root, at, "manifest.json"))) yield at.replace(/\/golden$/, "");
  for (const entry of readdirSync(join(root, at), { withFileTypes: true }))
    if (entry.isDirectory()) yield* foldersIn(root, at === "" ? entry.name : `${at}/${entry.name}`);
}

const root = referenceRoot();
it.skipIf(!existsSync(root))(`every folder of ${root} has tests`, () => {
  const known: ReadonlySet<string> = new Set(goldenFolders);
  expect([...foldersIn(root)].filter((folder) => !known.has(folder))).toEqual([]);
});

describe("the table of reference values", () => {
  const note: GoldenNote = { folder: "dt", id: "a", tensors: 3, worst: 0.25, of: "output" };

  it("has a line per folder: cases, tensors and the worst deviation", () => {
    const [, dt, metrics] = goldenTable([
      { ...note, folder: "metrics", worst: 0, of: "" },
      note,
      { ...note, id: "b", worst: 1.5, of: "gradient of output by x" },
    ]).split("\n");
    expect(dt?.trim().split(/ +/)).toEqual([
      "dt",
      "2",
      "6",
      "1.5",
      "b:",
      "gradient",
      "of",
      "output",
      "by",
      "x",
    ]);
    expect(metrics?.trim().split(/ +/)).toEqual(["metrics", "1", "3", "0.0"]);
  });

  it("names what oal does not have yet", () => {
    const awaited: GoldenNote = { folder: "detectors", id: "x", tensors: 0, worst: 0, of: "", awaits: "ash" };
    expect(goldenTable([awaited, { ...awaited, id: "y" }])).toContain("detectors: not in oal yet: ash (2)");
  });

  it("is empty without any", () => expect(goldenTable([])).toBe(""));
});
