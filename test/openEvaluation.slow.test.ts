/**
 * What an evaluation is made of can be extended from outside: a detector, a metric, a reader and a section of the report, each
 * added by a module of a user's own that a configuration names, used by the program, and found in results, tables, report and
 * model file.
 */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, expect, it } from "vitest";
import { oal } from "./cli/oal.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "oal-open-"));
process.env["OAL_CACHE"] = join(folder, "cache");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Pictures of one colour per class: "red.dots" holds { "classes": { "red": [200, 0, 0] }, "each": 12 }. */
const extensions = `
import { readFileSync } from "node:fs";
import { defineReader } from "oal/data";
import { choice, defineDetector, list } from "oal/detection";
import { cast, reduceMax, reduceMean } from "oal/graph";
import { defineMetric } from "oal/metrics";
import { defineReportSection, section } from "oal/report";

const reader = defineReader({
  id: "dots",
  title: "pictures of one colour",
  orientation: "ignore",
  matches: async ({ path }) => path.endsWith(".dots"),
  splits: async () => [],
  fingerprint: async ({ path }) => readFileSync(path, "utf8"),
  async open({ path, labels, classes }) {
    const { classes: colours, each } = JSON.parse(readFileSync(path, "utf8"));
    const names = Object.keys(colours);
    const items = names.flatMap((name, label) => Array.from({ length: each }, (_, i) => ({ id: name + "/" + i, label, colour: colours[name], i })));
    const own = labels === "ood" ? () => -1 : ({ label }) => label;
    return {
      ids: items.map(({ id }) => id),
      labels: Int32Array.from(items, own),
      classNames: labels === "ood" ? [] : (classes ?? names),
      async *read(positions) {
        for (const position of positions) {
          const { id, colour, i } = items[position];
          const data = Uint8Array.from({ length: 32 * 32 * 3 }, (_, at) => colour[at % 3] + ((at * 7 + i * 13) % 40));
          yield { position, id, label: own(items[position]), pixels: { height: 32, width: 32, data } };
        }
      },
    };
  },
});

const detector = defineDetector({
  id: "dullness",
  title: "how dark a picture is",
  needs: ["images", "logits"],
  source: "this test",
  formula: "-mean",
  parameters: {
    over: choice({ options: ["mean", "max"], default: "mean", search: ["mean", "max"], description: "what of the pixels", reason: "the usual" }),
    weights: list({ of: "real", default: [1], description: "unused", reason: "none" }),
  },
  score(graph, { images }, { over }) {
    const pixels = cast(images.pixels, "float32");
    return over === "mean" ? reduceMean(pixels, [1, 2, 3]) : reduceMax(pixels, [1, 2, 3]);
  },
});

const metric = defineMetric({
  id: "distinct",
  title: "Distinct",
  meaning: "share of confidences that are distinct",
  higherIsBetter: true,
  compute: ({ length, idTotal, oodTotal }) => length / (idTotal + oodTotal),
});

const greeting = defineReportSection({
  id: "greeting",
  title: "a greeting",
  render: ({ classNames }) => section("greeting", "Greeting", "Hello", "From outside.", "These are " + classNames.join(" and ")),
});

export default { readers: [reader], detectors: [detector], metrics: [metric], reportSections: [greeting] };
`;

const configuration = `
preset: folder
plugins: [./extensions.mjs]
threads: 1
methods: [ce]
data:
  source: .
  id: { path: known.dots }
  ood: [{ name: strange, path: strange.dots, group: far }, { name: other, path: other.dots, group: validation-far }]
student: { widths: [8, 8, 16], epochs: 1, batchSize: 16 }
evaluation:
  bootstrap: 20
  search: true
  detectors: [ebo, { id: dullness, parameters: { weights: [1, 2] } }]
  scoreDetector: dullness
`;

it(
  "a detector, a metric, a reader and a section of the report from outside",
  { timeout: 120_000 },
  async () => {
    const dots = (name: string, classes: Record<string, number[]>, each: number): void =>
      writeFileSync(join(folder, `${name}.dots`), JSON.stringify({ classes, each }));
    dots("known", { red: [200, 20, 20], blue: [20, 20, 200] }, 30);
    dots("strange", { grey: [100, 100, 100] }, 8);
    dots("other", { green: [20, 150, 20] }, 8);
    writeFileSync(join(folder, "dots.yaml"), configuration);
    writeFileSync(join(folder, "extensions.mjs"), extensions);
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const { status, stdout, stderr } = oal(["run", "dots.yaml", "--out", "run"], { cwd: folder });
    expect(stderr).not.toContain("OAL-");
    expect(status).toBe(0);
    expect(stdout).toContain("dullness");
    expect(stdout).toContain("far Distinct");
    const text = (name: string): string => readFileSync(join(folder, "run", name), "utf8");
    const found =
      /"id": "dullness",\s*"parameters": \{[^}]*"over": "(mean|max)"[^}]*"weights": \[1, 2\]/.exec(
        text("results.json"),
      );
    expect(found).not.toBeNull();
    expect(text("results.json")).toContain('"distinct":');
    expect(text("results.csv")).toMatch(/dullness,far,far,.*distinct,/);
    expect(text("scores/ce-strange.csv")).toContain("dullness");
    const page = text("report.html");
    expect(page).toContain("These are red and blue");
    expect(page).toContain("Distinct");
    expect(page).toContain("dullness.over");
    // The model file holds the detector: who scores with it needs no plugin.
    const picture = sharp({ create: { width: 32, height: 32, channels: 3, background: "#c81414" } });
    await picture.png().toFile(join(folder, "red.png"));
    const scored = oal(["score", join("run", "models", "ce.onnx"), "red.png", "--json"], { cwd: folder });
    expect(scored.stdout).toContain('"detector": "dullness"');
    const wrong = oal(["config", "dots.yaml", "--set", "evaluation.detectors=[ebo, dulness]"], {
      cwd: folder,
    });
    expect(wrong.stderr).toContain('there is no detector "dulness", did you mean "dullness"?');
  },
);
