/** Published weights as a model: the network is told by names and shapes, and computes what PyTorch computes. */
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exposeTaps, float32Tensor, toNumbers, type Tensor } from "oal-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { networks } from "../nn/networks/index.js";
import { readSafetensors, writeSafetensors } from "../nn/safetensors.js";
import { loadWeights, recogniseNetwork, weightNames } from "../nn/weights.js";
import type { NetworkOptions } from "../nn/networks/network.js";
import { referenceRoot } from "../testing/golden.js";
import { runGraph } from "../testing/goldenProgram.js";
import { loadModelFile } from "./load.js";
import { pictureSizeOf } from "./pictureSize.js";
import { readWeightsModel } from "./weightsModel.js";

const source = join(referenceRoot(), "import", "weights");
const isThere = existsSync(source);
if (!isThere) process.stderr.write(`${source} not found; weights as models are not compared with PyTorch\n`);

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "oal-weights-model-"));
});
afterAll(() => rm(root, { recursive: true }));

const manifestSchema = z.object({
  cases: z.array(
    z.looseObject({
      id: z.string(),
      architecture: z.looseObject({ heads: z.number().optional() }).optional(),
    }),
  ),
});

/** Attention heads of the transformer among the reference weights. */
function headsInManifest(): number | undefined {
  const { cases } = manifestSchema.parse(JSON.parse(readFileSync(join(source, "manifest.json"), "utf8")));
  return cases.find(({ id }) => id === "vit-mini")?.architecture?.heads;
}

/** Tensors of the names and shapes of a network; the data, which nothing here looks at, are shared. */
function tensorsOf(id: string, options: NetworkOptions, naming?: string): Map<string, Tensor> {
  return new Map(
    weightNames(networks.find(id), options, naming).map(({ name, shape }) => [
      name,
      { dtype: "float32", shape, data: new Float32Array(0) },
    ]),
  );
}

describe("the network of some tensors", () => {
  const imageNet = { classes: 1000, imageSize: 224 };

  it.each([
    ["resnet18", { widths: [64, 128, 256, 512], stageBlocks: [2, 2, 2, 2] }],
    ["resnet34", { widths: [64, 128, 256, 512], stageBlocks: [3, 4, 6, 3] }],
    ["resnet50", { widths: [64, 128, 256, 512], stageBlocks: [3, 4, 6, 3] }],
    ["vitTiny16", { width: 192, depth: 12, patch: 16, mlpRatio: 4, heads: 3 }],
    ["vitSmall16", { width: 384, depth: 12, patch: 16, mlpRatio: 4, heads: 6 }],
  ])("%s is found by its names and shapes", (id, own) => {
    const found = recogniseNetwork(tensorsOf(id, imageNet));
    expect(found).toMatchObject({ network: { id }, classes: 1000, own });
    expect(found?.imageSize).toBe(id.startsWith("vit") ? 224 : undefined);
  });

  it("is found under other names and sizes too, and not where there is none", () => {
    const small = { classes: 3, imageSize: 48, width: 64, depth: 2, heads: 1, patch: 8, mlpRatio: 2 };
    const other = tensorsOf("vitBase16", small, "torchvision 0.12");
    expect(recogniseNetwork(other)).toMatchObject({
      classes: 3,
      imageSize: 48,
      own: { width: 64, depth: 2, heads: 1, patch: 8, mlpRatio: 2 },
    });
    const cifar = tensorsOf("resnet18_32x32", { classes: 10, imageSize: 32, width: 8 });
    expect(recogniseNetwork(cifar)).toMatchObject({ network: { id: "resnet18_32x32" }, own: { width: 8 } });
    expect(recogniseNetwork(new Map([["a", float32Tensor([1], [1])]]))).toBeUndefined();
    expect(recogniseNetwork(new Map())).toBeUndefined();
    const odd = tensorsOf("vitTiny16", { classes: 2, imageSize: 32 }).set(
      "pos_embed",
      float32Tensor([1, 7, 1], new Float32Array(7)),
    );
    expect(recogniseNetwork(odd)).toBeUndefined();
  });
});

describe.skipIf(!isThere)("a file of weights", () => {
  it("computes what PyTorch computes; attention heads come from config.json", async () => {
    const path = join(root, "vit.safetensors");
    await copyFile(join(source, "vit-mini-timm.safetensors"), path);
    await rm(join(root, "config.json"), { force: true });
    await expect(readWeightsModel(path)).rejects.toThrow(/attention heads/);
    await writeFile(
      join(root, "config.json"),
      JSON.stringify({ model_args: { num_heads: headsInManifest() } }),
    );
    const { graph } = await readWeightsModel(path);
    expect(pictureSizeOf(path)).toBe(graph.inputs[0]?.dims[2]);
    const { tensors: golden } = await readSafetensors(join(source, "vit-mini.golden.safetensors"));
    const images = golden.get("input");
    if (!images) throw new Error("no input");
    const results = await runGraph(graph, { images });
    for (const name of ["logits", "features"]) {
      const wanted = golden.get(name);
      const values = wanted ? toNumbers(wanted) : [];
      const got = results[name] ? toNumbers(results[name]) : [];
      expect(got).toHaveLength(values.length);
      expect(Math.max(...values.map((value, i) => Math.abs(value - (got[i] ?? NaN))))).toBeLessThan(1e-4);
    }
  });

  it("of a vision transformer takes pictures of another size, its places interpolated, where that is asked for", async () => {
    const folder = await mkdtemp(join(root, "vit-"));
    const path = join(folder, "vit.safetensors");
    await copyFile(join(source, "vit-mini-timm.safetensors"), path);
    const config = { model_args: { num_heads: headsInManifest() } };
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    const side = pictureSizeOf(path) ?? NaN;
    const loaded = await loadModelFile(path, { size: 2 * side });
    expect(loaded.facts.input).toMatchObject({ height: 2 * side, width: 2 * side });
    expect(loaded.producer).toContain(`pos_embed of pictures of ${side} pixels interpolated`);
    expect((await loadModelFile(path)).producer).not.toContain("interpolated");
    const found = recogniseNetwork((await readSafetensors(path)).tensors);
    if (!found) throw new Error("no network");
    const { network, own, classes } = found;
    const options = { classes, imageSize: 2 * side, ...own, heads: headsInManifest() };
    await expect(loadWeights(network, options, path)).rejects.toThrow(/pos_embed/);
    const { parameters, resized } = await loadWeights(network, options, path, { otherSize: true });
    expect(resized).toEqual(["pos_embed"]);
    const places = parameters.get("pos_embed");
    expect(places?.shape[1]).toBe(
      1 + 4 * ((await readSafetensors(path)).tensors.get("pos_embed")?.shape[1] ?? 0) - 4,
    );
    const images = {
      dtype: "uint8",
      shape: [1, 3, 2 * side, 2 * side],
      data: new Uint8Array(12 * side * side).fill(90),
    } as const;
    const { logits } = await runGraph(exposeTaps(loaded.classifier(), ["logits"]), { images });
    expect(logits?.shape).toEqual([1, classes]);
    expect(toNumbers(logits ?? float32Tensor([0], [])).every(Number.isFinite)).toBe(true);
  });

  it("is a model like any other: logits, features and last layer, for pictures of any number", async () => {
    const { tensors: golden } = await readSafetensors(join(source, "resnet18-mini.golden.safetensors"));
    const axisOf = (name: string, axis: number): number => golden.get(name)?.shape[axis] ?? 0;
    const side = axisOf("input", 2);
    const [classes, width] = [axisOf("logits", 1), axisOf("features", 1)];
    const loaded = await loadModelFile(join(source, "resnet18-mini.safetensors"), { size: side });
    expect(loaded).toMatchObject({
      kind: "foreign",
      facts: {
        input: { layout: "nchw", height: side, width: side, batch: null },
        logits: { classes, probabilities: false },
        features: { width },
        head: { weight: "fc.weight", bias: "fc.bias" },
      },
    });
    const classifier = loaded.classifier();
    expect([...classifier.taps.maps.keys()].length).toBeGreaterThan(3);
    const pixels = new Uint8Array(2 * 3 * side * side).fill(90);
    const images = { dtype: "uint8", shape: [2, 3, side, side], data: pixels } as const;
    const { logits } = await runGraph(exposeTaps(classifier, ["logits"]), { images });
    expect(logits?.shape).toEqual([2, classes]);
  });

  it("without a last layer gives features", async () => {
    const { tensors } = await readSafetensors(join(source, "resnet18-mini.safetensors"));
    const path = join(root, "headless.safetensors");
    await writeSafetensors(path, new Map([...tensors].filter(([name]) => !name.startsWith("fc."))));
    const { facts } = await loadModelFile(path);
    expect(facts.logits).toBeNull();
    expect(facts.head).toBeNull();
    const { tensors: golden } = await readSafetensors(join(source, "resnet18-mini.golden.safetensors"));
    const [images, wanted] = [golden.get("input"), golden.get("features")];
    if (!images || !wanted) throw new Error("the case lacks a tensor");
    const { graph } = await readWeightsModel(path, images.shape[2]);
    const { features } = await runGraph(graph, { images });
    const got = features ? toNumbers(features) : [];
    const distances = toNumbers(wanted).map((value, i) => Math.abs(value - (got[i] ?? NaN)));
    expect(Math.max(...distances)).toBeLessThan(1e-4);
  });

  it("of no network that oal knows is refused by its names", async () => {
    const path = join(root, "other.safetensors");
    await writeSafetensors(path, new Map([["encoder.layer.0.weight", float32Tensor([1], [1])]]));
    await expect(loadModelFile(path)).rejects.toMatchObject({ code: "OAL-D170" });
    await expect(loadModelFile(path)).rejects.toThrow(/encoder\.layer\.0\.weight/);
    const bad = join(source, "resnet18-mini-bad-names.safetensors");
    await expect(loadModelFile(bad)).rejects.toMatchObject({ code: "OAL-D160" });
  });
});
