/** The reference networks and files of other exporters: parts as the manifests name them, computed as the files compute. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isOalError } from "oal-core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { testEngine } from "../testing/engine.js";
import { referenceRoot } from "../testing/golden.js";
import { checkTaps } from "./checkTaps.js";
import { loadModelFile } from "./load.js";

const names = z.union([z.string().transform((name) => [name]), z.array(z.string())]);
const parts = z.looseObject({ file: z.string(), logits: z.string(), features: names });
const networks = z.looseObject({
  cases: z.array(z.looseObject({ id: z.string(), classes: z.number(), inference: parts, training: parts })),
});
const wild = z.looseObject({
  cases: z.array(
    z.discriminatedUnion("expect", [
      parts.extend({ id: z.string(), expect: z.literal("ok") }),
      z.looseObject({
        id: z.string(),
        file: z.string(),
        expect: z.literal("error"),
        mustMention: z.array(z.string()),
      }),
    ]),
  ),
});

const folder = join(referenceRoot(), "import");
const isThere = existsSync(folder);
const read = (path: string): unknown => JSON.parse(readFileSync(join(folder, path), "utf8"));

describe.skipIf(!isThere)("reference networks", () => {
  const cases = isThere ? networks.parse(read("manifest.json")).cases : [];
  it.each(
    cases.flatMap(({ id, inference, training }) => [
      [`${id} inference`, inference] as const,
      [`${id} training`, training] as const,
    ]),
  )("%s", async (_name, { file, logits, features }) => {
    const model = await loadModelFile(join(folder, file));
    expect(model.facts.logits?.value).toBe(logits);
    expect(features).toContain(model.facts.features?.value);
    expect((await checkTaps(model, testEngine)).head).not.toBeNull();
    // maps of a transformer are its patches: what tokens give one another has four axes too, and is none
    if (file.startsWith("vit-")) expect(model.facts.maps).toHaveLength(1);
  });
});

describe.skipIf(!isThere)("wild files", () => {
  const cases = isThere ? wild.parse(read("wild/manifest.json")).cases : [];
  it.each(cases.map((each) => [each.id, each] as const))("%s", async (_id, each) => {
    const path = join(folder, "wild", each.file);
    if (each.expect === "error") {
      const error = await loadModelFile(path).catch((caught: unknown) => caught);
      for (const word of each.mustMention) expect(isOalError(error) && error.message).toContain(word);
      return;
    }
    const model = await loadModelFile(path, { size: 32 }).catch(() => loadModelFile(path));
    expect(model.facts.logits?.value).toBe(each.logits);
    expect(each.features).toContain(model.facts.features?.value);
    expect((await checkTaps(model, testEngine)).head).not.toBeNull();
  });
});
