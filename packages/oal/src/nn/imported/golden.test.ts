/**
 * Networks of PyTorch's exporter, trained for one step: loss, gradients of every weight and running statistics against PyTorch's
 * (reference/import), with the statistics kept and adapted.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { float32Data, float32Tensor, gradients, Graph, toNumbers, type Tensor } from "oal-core";
import { describe, expect, it } from "vitest";
import { loadModelFile } from "../../models/load.js";
import { testEngine } from "../../testing/engine.js";
import { referenceRoot } from "../../testing/golden.js";
import { TrainingContext } from "../context.js";
import { softCrossEntropy } from "../losses/crossEntropy.js";
import { initializeParameters } from "../parameters.js";
import { readSafetensors } from "../safetensors.js";
import { importedNetwork } from "./index.js";

const folder = join(referenceRoot(), "import");

/** The step of a file: its outputs by name. */
async function stepOf(
  file: string,
  batchNorm: "keep" | "adapt",
  input: Tensor,
  labels: Tensor,
): Promise<Readonly<Record<string, Tensor>>> {
  const model = await loadModelFile(join(folder, file));
  const plan = { frozen: null, batchNorm, rate: 1, layerDecay: 1 };
  const network = importedNetwork({ name: "golden", taps: model.classifier().taps, head: null, plan });
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const [images, targets] = [graph.input("x", input), graph.input("y", labels)];
  const { logits } = network.build(context, images, { classes: logitsOf(labels), imageSize: 32 });
  const loss = softCrossEntropy(logits, targets);
  graph.output("loss", loss);
  graph.output("logits", logits);
  const weights = network.trained.filter(({ kind }) => kind === "weight").map(({ value }) => value.name);
  const slopes = gradients(
    loss,
    weights.map((name) => context.values(`trunk.${name}`)),
  );
  weights.forEach((name, i) => {
    const slope = slopes[i];
    if (slope) graph.output(`grad/${name}`, slope);
  });
  for (const [name, value] of context.bufferUpdates)
    graph.output(name.replace(/^trunk\./, "running/"), value);
  const session = await testEngine.compile(graph);
  try {
    const start = Object.fromEntries(initializeParameters(context.specs, 0));
    return await session.run({ x: input, y: labels, ...start });
  } finally {
    await session.release();
  }
}

const logitsOf = ({ shape }: Tensor): number => shape[1] ?? 0;

/** Largest difference, as a share of the largest number that is wanted, or of what is hardly more than nothing in this network. */
function gap(found: Tensor | undefined, wanted: Tensor, nothing: number): number {
  if (!found) return Infinity;
  const [a, b] = [float32Data(found), float32Data(wanted)];
  const scale = Math.max(largest(wanted), nothing);
  return b.reduce((most, value, i) => Math.max(most, Math.abs(value - (a[i] ?? NaN))), 0) / scale;
}

const largest = (tensor: Tensor): number =>
  float32Data(tensor).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe.skipIf(!existsSync(folder))("one step of a network that was read", () => {
  it.each([
    ["resnet-mini", "inference", "keep"],
    ["resnet-mini", "training", "adapt"],
    ["densenet-mini", "training", "adapt"],
    ["mobile-mini", "training", "adapt"],
    ["vit-mini", "inference", "keep"],
  ] as const)("%s, form of %s, statistics: %s", async (name, form, batchNorm) => {
    const { tensors } = await readSafetensors(join(folder, name, "golden.safetensors"));
    const [input, classes, wanted] = ["input", "labels", `${form}/logits`].map((each) => tensors.get(each));
    if (!input || !classes || !wanted) throw new Error("no golden values");
    const width = wanted.shape[1] ?? 0;
    const rows = toNumbers(classes);
    const hot = rows.flatMap((label) => Array.from({ length: width }, (_, c) => (c === label ? 1 : 0)));
    const found = await stepOf(
      `${name}/${form}.onnx`,
      batchNorm,
      input,
      float32Tensor([rows.length, width], hot),
    );
    const keys = [...tensors.keys()].filter((key) => key.startsWith(`${form}/`));
    const checked = keys.filter((key) => /\/(logits|loss)$|\/grad\/(?!input$)|\/running\//.test(key));
    expect(checked.length).toBeGreaterThan(20);
    const slopes = checked.filter((key) => key.includes("/grad/")).flatMap((key) => tensors.get(key) ?? []);
    const nothing = 1e-3 * Math.max(...slopes.map(largest));
    for (const key of checked) {
      const golden = tensors.get(key);
      const own = key.slice(form.length + 1);
      // statistics of a file for inference are no weights
      if (form === "inference" && /running_(mean|var)$/.test(own)) continue;
      if (golden) expect(gap(found[own], golden, nothing), own).toBeLessThan(2e-3);
    }
  });
});
