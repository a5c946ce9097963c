/** `npm run bench` runs: every case, with every contestant that is here. How long anything took is no concern of this test. */
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const bench = (...words: string[]): string =>
  execFileSync(process.execPath, ["bench/run.mjs", ...words], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 2 ** 26,
  });

interface Results {
  readonly short: boolean;
  readonly leftOut: readonly string[];
  readonly cases: readonly {
    readonly name: string;
    readonly contestants: Readonly<Record<string, { readonly minimum: number }>>;
    readonly notes: readonly string[];
  }[];
}

it("runs every case that it lists", () => {
  const listed = bench("--list")
    .trim()
    .split("\n")
    .map((line) => line.split(" ")[0]);
  const results: Results = JSON.parse(bench("--short", "--json", "--pause", "0", "--threads", "1"));
  expect(results.short).toBe(true);
  const ran = results.cases.map(({ name }) => name);
  expect([...ran, ...results.leftOut].sort()).toEqual(listed.sort());
  expect(ran.length).toBeGreaterThan(results.leftOut.length);
  for (const { name, contestants, notes } of results.cases) {
    // without PyTorch a sentence says so
    const isBesidePyTorch = Object.keys(contestants).some((contestant) => contestant.startsWith("PyTorch"));
    const says = notes.some((note) => note.startsWith("PyTorch is not here"));
    if (name.startsWith("step")) expect([name, isBesidePyTorch || says]).toEqual([name, true]);
    for (const [contestant, { minimum }] of Object.entries(contestants))
      expect([name, contestant, minimum > 0]).toEqual([name, contestant, true]);
  }
});

it("says what a wrong word could mean", () => {
  const run = (...words: string[]) =>
    spawnSync(process.execPath, ["bench/run.mjs", ...words], { cwd: root, encoding: "utf8" });
  expect(run("nothing")).toMatchObject({
    status: 2,
    stderr: "no case is called nothing: npm run bench -- --list shows them\n",
  });
  expect(run("--pause", "x")).toMatchObject({ status: 2 });
});
