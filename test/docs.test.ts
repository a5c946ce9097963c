/** Pages that follow from the code are what the code says: `npm run docs:pages` writes them again. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { entryPoints } from "../scripts/docs/functions.mjs";
import { pageOf } from "../bench/tables.mjs";
import { pages } from "../scripts/docs/pages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

describe("pages made from the code", () => {
  it.each([...pages])("%s is what `npm run docs:pages` writes", async (path, make) => {
    const options = await resolveConfig(join(root, path));
    const made = await format(await make(), { ...options, parser: "markdown" });
    expect(readFileSync(join(root, path), "utf8")).toBe(made);
  });
});

/** Every source of both packages. */
function sources(): string[] {
  return ["packages/core/src", "packages/oal/src"].flatMap((base) =>
    readdirSync(join(root, base), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .map((name) => readFileSync(join(root, base, name), "utf8")),
  );
}

describe("every public function", () => {
  const texts = sources();
  const tabled = new Set(entryPoints.flatMap(({ examples }) => Object.keys(examples)));
  it.each(entryPoints)("of $name has an example that is run, or one beside its source", ({ exported }) => {
    const without = Object.keys(exported).filter((name) => {
      if (tabled.has(name)) return false;
      const declared = new RegExp(
        `/\\*\\*((?:(?!\\*/)[^])*)\\*/\\nexport (?:async )?(?:function\\*?|const|class) ${name}\\b`,
      );
      return !texts.some((text) => declared.exec(text)?.[1]?.includes("@example") === true);
    });
    expect(without).toEqual([]);
  });

  it("in a table is still there", () => {
    const there = new Set(entryPoints.flatMap(({ exported }) => Object.keys(exported)));
    expect([...tabled].filter((name) => !there.has(name))).toEqual([]);
  });
});

it("the tables of docs/benchmarks.md are those of the results that they name", async () => {
  const text = readFileSync(join(root, "docs/benchmarks.md"), "utf8");
  expect(await pageOf(text)).toBe(text);
});
