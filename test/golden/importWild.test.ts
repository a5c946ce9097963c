/** Reference values `import/wild`: files with the quirks of real exports, and broken ones. */
import { join } from "node:path";
import { OalError } from "oal-core";
import { describe, expect, it } from "vitest";
import { readModelFile } from "../../packages/oal/src/runtime/modelFile.js";
import { loadManifest } from "../../packages/oal/src/testing/golden.js";
import { noteGolden, noteOf } from "../../packages/oal/src/testing/goldenSuite.js";
import {
  computeCase,
  computeOpen,
  compareCase,
  goldenOf,
  textIn,
  texts,
  type ImportCase,
} from "./importCase.js";

const manifest = loadManifest("import/wild");
const readable = (manifest?.cases ?? [])
  .filter(({ raw }) => raw["expect"] === "ok")
  .flatMap(({ id, raw, folder }) => {
    const prefixes = texts(raw["goldenPrefixes"]);
    return (prefixes.length > 0 ? prefixes : [""]).map((prefix): [string, ImportCase] => [
      `${id} ${prefix}`.trim(),
      { folder, file: textIn(raw, "file"), golden: textIn(raw, "golden"), prefix, inputPrefix: prefix, raw },
    ]);
  });
const broken = (manifest?.cases ?? [])
  .filter(({ raw }) => raw["expect"] === "error")
  .map(({ id, raw, folder }) => ({
    id,
    path: join(folder, textIn(raw, "file")),
    mentions: texts(raw["mustMention"]),
  }));

describe.skipIf(!manifest)("files as they occur in practice", () => {
  it("are files that can be read or files that are refused", () => {
    const kinds = (manifest?.cases ?? []).map(({ raw }) => raw["expect"]);
    expect(kinds.filter((kind) => kind !== "ok" && kind !== "error")).toEqual([]);
  });

  it.for(readable)("%s gives the golden outputs and gradients", async ([id, each], test) => {
    const { results, golden, model } = await computeCase(each);
    expect(model.opaque.map(({ node, reason }) => `${node.operator.name}: ${reason}`)).toEqual([]);
    const { [`${each.prefix}output`]: output, ...named } = results;
    const outputName = textIn(each.raw, "outputGolden") || "logits";
    if (output) named[`${each.prefix}${outputName}`] = output;
    const { shares, faults } = compareCase(each, named, golden);
    noteGolden(test, noteOf("import/wild", id, shares));
    expect(faults).toEqual([]);
  });

  const open = readable.filter(([, { raw }]) => texts(raw["goldenPrefixes"]).length > 0);
  it.each(open)("%s is understood and computed with all its sizes open", async (_, each) => {
    const { output, opaque } = await computeOpen(each);
    expect(opaque).toEqual([]);
    if (!output) throw new Error("no output");
    const { faults } = compareCase(each, { [`${each.prefix}logits`]: output }, await goldenOf(each));
    expect(faults).toEqual([]);
  });

  it.for(broken)("$id is refused, saying why", async ({ id, path, mentions }, test) => {
    noteGolden(test, noteOf("import/wild", id, []));
    const error: unknown = await readModelFile(path).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(OalError);
    for (const mention of mentions) expect(error instanceof OalError ? error.message : "").toContain(mention);
  });
});
