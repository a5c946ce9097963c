/** Writing and checking a large bundle takes the memory of its weights and little more: a process of its own counts its pages. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

const root = mkdtempSync(join(tmpdir(), "oal-large-bundle-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Layers of 2048 x 2048 numbers: 16 MB each. */
const layers = 24;
const size = layers * 2048 * 2048 * 4;

const built = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;
const program = `
  import { readFileSync } from "node:fs";
  import { cast, detectors, gemm, Graph, makeDecision, reduceMean, relu, uint8Tensor } from "oal-core";
  import { writeBundle } from "${built("bundle/index.js")}";
  import { cpuEngine } from "${built("runtime/engines/index.js")}";
  const graph = new Graph();
  const images = graph.input("images", { dtype: "uint8", shape: ["batch", 3, 4, 4] });
  let state = 1;
  const draw = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5;
  const layer = (x, rows, columns) => {
    const data = new Float32Array(rows * columns);
    for (let i = 0; i < data.length; i++) data[i] = draw() * Math.sqrt(24 / columns);
    return gemm(x, graph.constant({ dtype: "float32", shape: [rows, columns], data }), null, { transB: true });
  };
  let features = relu(layer(reduceMean(cast(images, "float32"), [2, 3], false), 2048, 3));
  for (let i = 0; i < ${layers}; i++) features = relu(layer(features, 2048, 2048));
  const logits = layer(features, 2, 2048);
  const decision = makeDecision([1, 2, 3], { detector: "ebo", target: 0.9 });
  const ebo = { detector: detectors.find("ebo"), parameters: { temperature: 1 }, fitted: { tensors: {}, bank: null } };
  const contents = {
    classifier: { graph, taps: { images, logits, features, maps: new Map() } },
    version: "0", name: "large", classNames: ["a", "b"], decides: "ebo", ingredients: [], notes: {},
    preprocessing: { resize: 4, crop: 4, interpolation: "bicubic", orientation: "apply", maxPixels: 100, mean: [0, 0, 0], std: [1, 1, 1] },
    detectors: [{ fitted: ebo, decision }],
  };
  const own = () => 1024 * Number(/RssAnon:\\s*(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
  const cpu = await cpuEngine({ blocked: false });
  const pages = [];
  const open = async (model, options) => {
    const session = await cpu.open(model, options);
    pages.push(own());
    const run = async (...given) => {
      const outputs = await session.run(...given);
      pages.push(own());
      return outputs;
    };
    return { run, release: () => session.release() };
  };
  const pixels = Uint8Array.from({ length: 8 * 48 }, (_, i) => (i * 37) % 256);
  global.gc();
  const before = own();
  await writeBundle(process.argv[1], contents, {
    engine: { ...cpu, open }, images: uint8Tensor([8, 3, 4, 4], pixels), expected: {}, outsideFrom: 1e6, large: 1e6,
  });
  console.log(JSON.stringify({ before, pages }));
`;

it.skipIf(process.platform !== "linux")(
  "a bundle whose weights lie beside it is run without a copy of them",
  () => {
    const child = spawnSync(
      process.execPath,
      ["--expose-gc", "--input-type=module", "-e", program, "--", join(root, "large.onnx")],
      { cwd: new URL("../../", import.meta.url), encoding: "utf8" },
    );
    expect(child.stderr).toBe("");
    const { before, pages }: { before: number; pages: number[] } = JSON.parse(child.stdout);
    // opened once, run with all pictures, with one, and with that of the self-test: nothing had to be prepared for its use after all
    expect(pages).toHaveLength(4);
    expect(before).toBeGreaterThan(size);
    expect(Math.max(...pages) - before).toBeLessThan(0.2 * size);
  },
);
