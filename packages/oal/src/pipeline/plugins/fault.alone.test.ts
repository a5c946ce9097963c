/** What a plugin's own code throws is told with its file and line; what oal throws stays as it is. A changed reader reads other sources. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOalError } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { readers } from "../../data/readerRegistry.js";
import { blamePlugin } from "./fault.js";
import { loadPlugins } from "./load.js";

const folder = mkdtempSync(join(tmpdir(), "oal-plugin-fault-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const reader = (
  id: string,
  body: string,
): string => `export default ({ defineReader }) => ({ readers: [defineReader({
  id: "${id}", title: "test", orientation: "ignore", splits: async () => [], fingerprint: async () => "content",
  matches: async () => false,
  open: async () => { ${body} },
})] });
`;

function loadReader(id: string, body: string): void {
  const path = join(folder, `${id}.mjs`);
  writeFileSync(path, reader(id, body));
  loadPlugins([path]);
}

const spec = { path: "nowhere", name: "test" };

describe("a plugin that fails", () => {
  it("is named with the line that failed", async () => {
    loadReader("faulty", "return missing.value;");
    const thrown = await readers.find("faulty").open(spec).then(String, blamePlugin);
    expect(isOalError(thrown, "OAL-C210") && thrown.message).toBe(
      `plugin ${join(folder, "faulty.mjs")}:4: ReferenceError: missing is not defined`,
    );
  });

  it("is not blamed for what others throw", () => {
    const other = new Error("of somebody else");
    expect(blamePlugin(other)).toBe(other);
    expect(blamePlugin("text")).toBe("text");
  });
});

it("a reader's sources count as others when its module changes", async () => {
  loadReader("first", "return 1;");
  loadReader("second", "return 2;");
  const [first, second] = await Promise.all(
    ["first", "second"].map((id) => readers.find(id).fingerprint(spec)),
  );
  expect(first).toMatch(/^content\/[0-9a-f]{64}$/);
  expect(second).not.toBe(first);
});

it("a reader may be an object of a class", async () => {
  const path = join(folder, "class.mjs");
  writeFileSync(
    path,
    `class Own {
  id = "own"; title = "test"; orientation = "ignore";
  async matches() { return false; }
  async splits() { return ["train"]; }
  async fingerprint() { return "content"; }
  async open() { return null; }
}
export default () => ({ readers: [new Own()] });
`,
  );
  loadPlugins([path]);
  const own = readers.find("own");
  expect([await own.matches(spec), await own.splits(spec), await own.open(spec)]).toEqual([
    false,
    ["train"],
    null,
  ]);
});
