import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { loadConfiguration } from "../configuration/index.js";
import { recipes } from "../../training/recipes/index.js";
import { withPlugins } from "./identity.js";
import { loadPlugins } from "./load.js";

const folder = mkdtempSync(join(tmpdir(), "oal-load-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function module(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it.each([
  ["a.mjs", "export default 3;", "its default export must be lists of what it adds"],
  ["b.mjs", "export default { recipe: [] };", '"recipe" cannot be added, did you mean "recipes"?'],
  ["c.mjs", "export default { recipes: {} };", "recipes must be an array, not an object"],
  [
    "d.mjs",
    "export default { recipes: [{ id: 'x', title: 'x', methods: [{}] }] };",
    "recipes[0].methods[0].method must be a string that is not empty, not undefined",
  ],
  ["e.mjs", "export default { recipes: [", "plugin "],
  [
    "g.mjs",
    "export default { detectors: [{ id: 'x', title: '', source: '', score: () => {}, parametres: {} }] };",
    'detectors[0] has "parametres", did you mean "parameters"?',
  ],
  ["f.mjs", "throw new Error('no luck');", "no luck"],
])("%s is refused: %s", (name, text, problem) => {
  const path = module(name, text);
  expect(() => loadPlugins([path])).toThrowError(
    expect.objectContaining({ code: "OAL-C209", message: expect.stringContaining(problem) }),
  );
});

it("a missing module and a taken name are refused", () => {
  expect(() => loadPlugins([join(folder, "none.mjs")])).toThrow("there is no such file");
  const path = module("taken.mjs", "export default { recipes: [{ id: 'ce', title: '', methods: [] }] };");
  expect(() => loadPlugins([path])).toThrowError(expect.objectContaining({ code: "OAL-C205" }));
});

it("what a configuration names is loaded before it is checked, once, and is part of what names it", () => {
  module("words.mjs", "export const id = 'loaded';");
  const path = module(
    "own.mjs",
    "import { id } from './words.mjs'; export default () => ({ recipes: [{ id, title: 'x', methods: [{ method: 'crossEntropy' }] }] });",
  );
  const set = ["plugins=[own.mjs]", "methods=[loaded]"];
  expect(loadConfiguration(undefined, { set, cwd: folder })).toMatchObject({
    plugins: [path],
    methods: ["loaded"],
  });
  expect(loadConfiguration(undefined, { set, cwd: folder }).methods).toEqual(["loaded"]);
  expect(recipes.has("loaded")).toBe(true);
  expect(withPlugins("student", { a: [1, "other"] })).toEqual({ a: [1, "other"] });
  expect(withPlugins("student", { a: [1, "loaded"] })).toEqual({
    slice: { a: [1, "loaded"] },
    plugins: { "recipes.loaded": expect.stringMatching(/^[0-9a-f]{64}$/) },
  });
});

it("a module that changed, or one it imports, needs a new process", () => {
  const path = module("changing.mjs", "import './part.mjs'; export default {};");
  module("part.mjs", "");
  loadPlugins([path]);
  module("part.mjs", "// other");
  expect(() => loadPlugins([path])).toThrow("it has changed since this process loaded it");
});
