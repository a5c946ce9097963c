/** Writing a large model takes the memory of its weights and little more: a process of its own counts its pages. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

const root = mkdtempSync(join(tmpdir(), "oal-large-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const megabytes = 512;
const program = `
  import { add, Graph } from "oal-core";
  import { writeModelFile } from "${new URL("../../dist/runtime/modelFile.js", import.meta.url).href}";
  const graph = new Graph();
  let sum = graph.input("x", { dtype: "float32", shape: [1] });
  for (let i = 0; i < ${megabytes / 16}; i++) {
    const data = new Float32Array(4 * 2 ** 20).fill(i + 1);
    sum = add(sum, graph.constant({ dtype: "float32", shape: [data.length], data }));
  }
  graph.output("y", sum);
  const before = process.memoryUsage().rss;
  await writeModelFile(process.argv[1], graph, { weightsBeside: process.argv[2] === "beside" });
  console.log(JSON.stringify([before, process.resourceUsage().maxRSS * 1024]));
`;

it.each(["inside", "beside"])("weights %s: no copy of them", (where) => {
  const path = join(root, `${where}.onnx`);
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", program, "--", path, where], {
    cwd: new URL("../../", import.meta.url),
    encoding: "utf8",
  });
  expect(child.stderr).toBe("");
  const [before = 0, most = Infinity]: number[] = JSON.parse(child.stdout);
  const size = megabytes * 2 ** 20;
  expect(before).toBeGreaterThan(size);
  expect(most - before).toBeLessThan(0.2 * size);
});
