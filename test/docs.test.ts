/** Pages that follow from the code are what the code says: `npm run docs:pages` writes them again. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { pages } from "../scripts/docs/pages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

describe("pages made from the code", () => {
  it.each([...pages])("%s is what `npm run docs:pages` writes", async (path, make) => {
    const options = await resolveConfig(join(root, path));
    const made = await format(await make(), { ...options, parser: "markdown" });
    expect(readFileSync(join(root, path), "utf8")).toBe(made);
  });
});
