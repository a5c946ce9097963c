// docs/functions.md: every public function with an example that is run when the page is made, and what it gives.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as graphs from "../../packages/oal/dist/graph.js";
import * as main from "../../packages/oal/dist/index.js";
import * as metricFunctions from "../../packages/oal/dist/metrics.js";
import * as networks from "../../packages/oal/dist/nn.js";
import * as preprocessing from "../../packages/oal/dist/preprocess.js";
import * as dataFunctions from "../../packages/oal/dist/data.js";
import * as detectionFunctions from "../../packages/oal/dist/detection.js";
import * as reportFunctions from "../../packages/oal/dist/report.js";
import { data } from "./functions/data.mjs";
import { detection } from "./functions/detection.mjs";
import { graph } from "./functions/graph.mjs";
import { main as mainExamples } from "./functions/main.mjs";
import { metrics } from "./functions/metrics.mjs";
import { nn } from "./functions/nn.mjs";
import { preprocess } from "./functions/preprocess.mjs";
import { report } from "./functions/report.mjs";

/** Entry point -> what it exports and its examples. Functions that are not in a table have an `@example` beside their source. */
export const entryPoints = [
  { name: "oal", exported: main, examples: mainExamples },
  { name: "oal/graph", exported: graphs, examples: graph },
  { name: "oal/nn", exported: networks, examples: nn },
  { name: "oal/metrics", exported: metricFunctions, examples: metrics },
  { name: "oal/preprocess", exported: preprocessing, examples: preprocess },
  { name: "oal/detection", exported: detectionFunctions, examples: detection },
  { name: "oal/data", exported: dataFunctions, examples: data },
  { name: "oal/report", exported: reportFunctions, examples: report },
];

/** What the examples use besides the exports. */
function given(folder) {
  const { Graph, Random, float32Tensor, int64Tensor, uint8Tensor } = graphs;
  const g = new Graph();
  const constant = (shape, values) => g.constant(float32Tensor(shape, values));
  const count = (length) => Array.from({ length }, (_, i) => i);
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";
  const npy = Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00", "latin1"),
    Buffer.from([header.length, 0]),
    Buffer.from(header),
    Buffer.from(Float32Array.of(1, 2).buffer),
  ]);
  return {
    g,
    x: constant([2, 3], [1, -2, 3, 4, 5, -6]),
    y: constant([2, 3], [1, 2, 3, 3, 2, 1]),
    row: constant([3], [1, 2, 3]),
    image: constant([1, 1, 4, 4], count(16)),
    weight: constant([1, 1, 3, 3], [0, 0, 0, 0, 1, 1, 0, 0, 0]),
    tokens: constant([1, 2, 4], count(8)),
    indices: g.constant(int64Tensor([2], [1, 0])),
    pixels: g.constant(uint8Tensor([1, 3, 1, 1], Uint8Array.of(0, 128, 255))),
    logits: constant([2, 3], [4, 1, 0, 0, 5, 1]),
    labels: g.constant(int64Tensor([2], [0, 1])),
    random: new Random(0, "example"),
    npy: new Uint8Array(npy),
    file: join(folder, "w.safetensors"),
    bank: detectionFunctions.memoryRows(Float32Array.from(count(8)), 2),
    decision: detectionFunctions.makeDecision([1, 2, 3, 4], { detector: "ebo", target: 0.75 }),
    z: main.pluginTools.z,
    id: [0.9, 0.8, 0.7, 0.4],
    ood: [0.5, 0.3, 0.2],
    picture: { height: 2, width: 3, data: Uint8Array.from(count(18)) },
    training: (name) => new networks.TrainingContext(g, name),
    doubled() {
      const made = new Graph();
      made.output("y", graphs.add(made.input("x", { dtype: "float32", shape: [2] }), made.inputs[0]));
      return made;
    },
  };
}

/** Stands for the result of a function that has none. */
const nothing = Symbol("nothing");

/** A number as a reader wants it. */
const short = (value) => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4))));

/** Many numbers: the first twelve. */
function listed(values) {
  const all = Array.from(values, (value) => (typeof value === "number" ? short(value) : String(value)));
  return `[${all.slice(0, 12).join(", ")}${all.length > 12 ? ", ..." : ""}]`;
}

/** What an example gave, in one line. */
function described(value) {
  if (value === undefined) throw new Error("gives nothing");
  if (value === nothing) return "nothing; it throws when something is wrong";
  if (value?.graph instanceof graphs.Graph && value.type !== undefined) {
    value.graph.output("shown", value);
    return described(graphs.evaluateReference(value.graph, {}).shown);
  }
  if (typeof value === "number") return short(value);
  if (typeof value === "string") return value.trim().replaceAll("\n", " ; ");
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} ${listed(value)}`;
  if (Array.isArray(value))
    return value.every((item) => typeof item === "number") ? listed(value) : json(value);
  if (typeof value === "object" && value !== null && "dtype" in value && "data" in value)
    return `${value.dtype} [${value.shape.join(", ")}]: ${listed(value.data)}`;
  return json(value);
}

function json(value) {
  const text = JSON.stringify(value, (_key, inner) => {
    if (typeof inner === "number") return Number(short(inner));
    if (typeof inner === "bigint") return Number(inner);
    if (ArrayBuffer.isView(inner)) return Array.from(inner, (each) => Number(short(Number(each))));
    return inner;
  }).replaceAll(/"(\w+)":/g, "$1: ");
  return text.length > 140 ? `${text.slice(0, 140)}...` : text;
}

/** Runs one example with the exports of every entry point and the things given. */
async function run(code, folder) {
  const scope = {
    ...reportFunctions,
    ...dataFunctions,
    ...detectionFunctions,
    ...main,
    ...preprocessing,
    ...metricFunctions,
    ...networks,
    ...graphs,
    ...given(folder),
  };
  const body = /\breturn\b/.test(code) || code.startsWith("await ") ? code : `return ${code}`;
  // oxlint-disable-next-line typescript/no-implied-eval -- examples are text of this repository, run to see that they hold
  const make = new Function(...Object.keys(scope), `return (async () => { ${body} })()`);
  const result = await make(...Object.values(scope));
  return result === undefined && /^(verify|await write)/.test(code) ? nothing : result;
}

/** The page, as Markdown. */
export async function functionsPage() {
  const folder = mkdtempSync(join(tmpdir(), "oal-functions-"));
  const lines = [
    "# Functions by example",
    "",
    "<!-- Made by `npm run docs:pages`; every example is run then, and a test compares the page with what they give. -->",
    "",
    "In the examples `g` is a graph and these are constants of it: `x` [[1, -2, 3], [4, 5, -6]], `y` [[1, 2, 3], [3, 2, 1]], `row` [1, 2, 3],",
    "`image` [1, 1, 4, 4] with the values 0 to 15, `weight` [1, 1, 3, 3] that adds a pixel and its right neighbour, `indices` [1, 0],",
    "`logits` [[4, 1, 0], [0, 5, 1]] with `labels` [0, 1]; `doubled()` is a graph with an input `x` [2] and an output `y` = x + x.",
    "`id` and `ood` are the confidences [0.9, 0.8, 0.7, 0.4] and [0.5, 0.3, 0.2]; `picture` has 2 x 3 pixels; `training(name)` is a",
    "`TrainingContext`. A graph value is shown as the plain interpreter computes it.",
  ];
  try {
    for (const { name, examples } of entryPoints) {
      lines.push("", `## ${name}`, "", "| function | example | gives |", "| --- | --- | --- |");
      for (const [symbol, code] of Object.entries(examples)) {
        const result = await run(code, folder)
          .then(described)
          .catch((error) => {
            throw new Error(`${symbol}: ${error.message}`, { cause: error });
          });
        const cell = (text) => `\`${text.replaceAll("|", "\\|")}\``;
        lines.push(`| \`${symbol}\` | ${cell(code)} | ${cell(result)} |`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return `${lines.join("\n")}\n`;
}
