/** Published weights into networks of ours: every case of the reference folder import/weights, and what strangers hand in. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { float32Tensor, Graph, int64Tensor, isOalError, reshape, toNumbers, type Tensor } from "oal-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { referenceRoot } from "../testing/golden.js";
import { noteGolden, noteOf } from "../testing/goldenSuite.js";
import { runGraph } from "../testing/goldenProgram.js";
import { EvaluationContext } from "./context.js";
import { networks } from "./networks/index.js";
import type { NetworkOptions } from "./networks/network.js";
import { readSafetensors, writeSafetensors } from "./safetensors.js";
import { loadWeights, weightNames } from "./weights.js";

const folder = join(referenceRoot(), "import", "weights");
const isThere = existsSync(join(folder, "manifest.json"));
if (!isThere)
  process.stderr.write(`reference values not found at ${folder}; tests of weight files are skipped\n`);

const tolerances = z.record(z.string(), z.object({ rtol: z.number(), atol: z.number() }));
const counts = z.array(z.number());
const residualCase = z.object({
  id: z.string(),
  file: z.string(),
  golden: z.string(),
  architecture: z.object({ widths: counts, basicBlocksPerStage: counts, classes: z.number() }),
  tensors: z.number(),
  floatParameters: z.number(),
  inputShape: counts,
  goldenTensors: z.array(z.string()),
  tolerance: tolerances,
});
const transformerCase = z.object({
  id: z.string(),
  files: z.record(z.string(), z.string()),
  golden: z.string(),
  architecture: z.object({
    imageSize: z.number(),
    patchSize: z.number(),
    width: z.number(),
    depth: z.number(),
    heads: z.number(),
    mlpWidth: z.number(),
    classes: z.number(),
  }),
  tensors: z.number(),
  floatParameters: z.number(),
  expectedOutputs: z.record(z.string(), z.string()),
  tolerance: tolerances,
});
const badNamesCase = z.object({
  file: z.string(),
  missing: z.array(z.string()),
  unexpected: z.array(z.string()),
  misShaped: z.array(z.object({ name: z.string(), inFile: counts, expected: counts })),
});
const badNamesDetails = z.object({
  missing: z.array(z.string()),
  unexpected: z.array(z.string()),
  misShaped: z.array(z.string()),
});
const typesCase = z.object({
  file: z.string(),
  values: z.record(z.string(), z.array(z.union([z.number(), z.boolean()]))),
  shapes: z.record(z.string(), counts),
});
const malformedCase = z.object({ id: z.literal("malformed"), files: z.record(z.string(), z.string()) });
const namesFile = z.object({
  tensors: z.number(),
  parameters: z.number(),
  entries: z.array(z.tuple([z.string(), counts, z.string()])),
});

const manifest = z
  .object({ cases: z.array(z.unknown()), nameLists: z.array(z.string()) })
  .parse(
    isThere ? JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) : { cases: [], nameLists: [] },
  );

/** The cases that have a schema's fields. */
function casesOf<Schema extends z.ZodType>(schema: Schema): z.output<Schema>[] {
  return manifest.cases.flatMap((each) => {
    const parsed = schema.safeParse(each);
    return parsed.success ? [parsed.data] : [];
  });
}

const residualCases = casesOf(residualCase);
const transformerCases = casesOf(transformerCase);
const badNames = casesOf(badNamesCase);
const types = casesOf(typesCase);
const malformed = casesOf(malformedCase);

function residualOptions({ architecture, inputShape }: z.output<typeof residualCase>): NetworkOptions {
  const { widths, basicBlocksPerStage: stageBlocks, classes } = architecture;
  return { classes, imageSize: inputShape[2] ?? 0, widths, stageBlocks };
}

/** Throws unless a tensor is within its tolerance; gives its deviation as a share of it. */
function expectNear(
  got: Tensor | undefined,
  wanted: Tensor | undefined,
  tolerance: { rtol: number; atol: number } | undefined,
): number {
  if (!got || !wanted || !tolerance) throw new Error("the case lacks a tensor or its tolerance");
  expect(got.shape).toEqual(wanted.shape);
  const [mine, theirs] = [toNumbers(got), toNumbers(wanted)];
  const excess = theirs.map(
    (value, i) => Math.abs((mine[i] ?? NaN) - value) / (tolerance.atol + tolerance.rtol * Math.abs(value)),
  );
  const worst = Math.max(...excess);
  expect(worst).toBeLessThanOrEqual(1);
  return worst;
}

describe.skipIf(!isThere)("weights with published names", () => {
  it("knows every case of the manifest", () => {
    const known = [residualCases, transformerCases, badNames, types, malformed].flat();
    expect(known).toHaveLength(manifest.cases.length);
  });

  for (const each of residualCases) {
    it(`${each.id}: outputs and inner values are those of PyTorch`, async (test) => {
      const options = residualOptions(each);
      const network = networks.find("resnet18");
      const { parameters, counters, naming } = await loadWeights(network, options, join(folder, each.file));
      expect(naming).toBe("torchvision");
      expect(parameters.size + counters.length).toBe(each.tensors);
      const statistic = /running_(mean|var)$/;
      const scalars = [...parameters]
        .filter(([name]) => !statistic.test(name))
        .map(([, { data }]) => data.length);
      expect(scalars.reduce((sum, size) => sum + size, 0)).toBe(each.floatParameters);
      const { tensors: golden } = await readSafetensors(join(folder, each.golden));
      const images = golden.get("input") ?? float32Tensor([0], []);
      const graph = new Graph();
      const { logits, features, maps } = network.build(
        new EvaluationContext(graph, parameters),
        graph.input("x", images),
        options,
      );
      const values = new Map([...(maps ?? []), ["features", features], ["logits", logits]]);
      for (const [name, value] of values) graph.output(`value of ${name}`, value);
      const results = await runGraph(graph, { x: images });
      const shares = each.goldenTensors.map((name): [string, number] => [
        name,
        expectNear(results[`value of ${name}`], golden.get(name), each.tolerance[name]),
      ]);
      noteGolden(test, noteOf("import/weights", each.id, shares));
    });
  }

  for (const each of transformerCases) {
    const { width, heads, depth, classes, imageSize, patchSize: patch, mlpWidth } = each.architecture;
    const options = { classes, imageSize, width, depth, heads, patch, mlpRatio: mlpWidth / width };
    const network = networks.find("vitBase16");
    it.for(Object.entries(each.files))(
      `${each.id}, %s: the outputs are those of PyTorch`,
      async ([form, file], test) => {
        const { parameters, naming, prefix } = await loadWeights(network, options, join(folder, file));
        expect(naming).toBe(form.startsWith("timm") ? "timm" : form);
        expect(prefix).toBe(form === "timmWithModulePrefix" ? "module." : "");
        expect(parameters.size).toBe(each.tensors);
        const { tensors: golden } = await readSafetensors(join(folder, each.golden));
        const images = golden.get("input") ?? float32Tensor([0], []);
        // An open batch is what exported models have.
        const graph = new Graph();
        const input = graph.input("x", { dtype: "float32", shape: ["batch", ...images.shape.slice(1)] });
        const { logits, features } = network.build(new EvaluationContext(graph, parameters), input, options);
        graph.output("logits", logits);
        graph.output("features", reshape(features, [-1, width]));
        const results = await runGraph(graph, { x: images });
        const [name = ""] = (each.expectedOutputs[form] ?? "").split(" ");
        const shares: [string, number][] = [
          [name, expectNear(results["logits"], golden.get(name), each.tolerance[name])],
        ];
        // The stored features belong to the weights that were not rounded.
        if (name === "logits")
          shares.push([
            "features",
            expectNear(results["features"], golden.get("features"), each.tolerance["features"]),
          ]);
        noteGolden(test, noteOf("import/weights", `${each.id} ${form}`, shares));
      },
    );
  }

  for (const bad of badNames) {
    it("names that do not match are told in full, in one error", async (test) => {
      noteGolden(test, noteOf("import/weights", bad.file, []));
      const [each] = residualCases;
      if (!each) throw new Error("no network to load into");
      const path = join(folder, bad.file);
      const failed: unknown = await loadWeights(networks.find("resnet18"), residualOptions(each), path).catch(
        (error: unknown) => error,
      );
      if (!isOalError(failed)) throw failed;
      expect(failed).toMatchObject({
        code: "OAL-D160",
      });
      const { missing, unexpected, misShaped } = badNamesDetails.parse(failed.details);
      expect([missing.sort(), unexpected.sort()]).toEqual([bad.missing.sort(), bad.unexpected.sort()]);
      const wanted = bad.misShaped.map(
        ({ name, inFile, expected }) =>
          `${name}: [${inFile.join(", ")}] in the file, the network has [${expected.join(", ")}]`,
      );
      expect([...misShaped].sort()).toEqual(wanted.sort());
      for (const line of [...bad.missing, ...bad.unexpected, ...wanted])
        expect(failed.message).toContain(`\n  ${line}`);
      expect(failed.message).toContain(path);
    });
  }

  for (const { file, values, shapes } of types) {
    it("every element type is read", async (test) => {
      noteGolden(test, noteOf("import/weights", file, []));
      const { tensors } = await readSafetensors(join(folder, file));
      const read = Object.fromEntries([...tensors].map(([name, tensor]) => [name, toNumbers(tensor)]));
      const wanted = Object.fromEntries(
        Object.entries(values).map(([name, list]) => [name, list.map(Number)]),
      );
      expect(read).toEqual(wanted);
      expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual(shapes);
    });
  }

  for (const [file, reason] of malformed.flatMap(({ files }) => Object.entries(files))) {
    it(`${file} is refused: ${reason}`, async (test) => {
      noteGolden(test, noteOf("import/weights", file, []));
      const path = join(folder, file);
      const failed: unknown = await loadWeights(
        networks.find("resnet18"),
        { classes: 10, imageSize: 32 },
        path,
      ).catch((error: unknown) => error);
      if (!isOalError(failed)) throw failed;
      expect(failed.code).toBe("OAL-I103");
      const { message } = failed;
      expect(message).toContain(basename(file));
      // The names, types and numbers of the reason, and its telling words.
      const telling = reason.match(
        /tensor \w+|of \w+ and \w+|\bF\d+|\d+(?= bytes)|header|JSON|shorter|overlap|\d+(?=$| \()/g,
      );
      expect(telling?.length).toBeGreaterThan(0);
      for (const word of telling ?? []) expect(message).toContain(word.replace(/^of /, ""));
    });
  }
});

/** Which network of ours, under which names, a list of names is of. */
function networkOf(
  list: string,
): { readonly id: string; readonly naming: string; readonly options: NetworkOptions } | null {
  const imageNet = { classes: 1000, imageSize: 224 };
  const stem = list.replace(/-names\.json$/, "");
  if (stem.startsWith("vit_b_16")) return { id: "vitBase16", naming: "torchvision", options: imageNet };
  if (stem.startsWith("vit_base_patch16_224")) return { id: "vitBase16", naming: "timm", options: imageNet };
  if (stem.includes("openood"))
    return { id: stem.replace(/-.*/, ""), naming: "OpenOOD", options: { classes: 10, imageSize: 32 } };
  return networks.has(stem) ? { id: stem, naming: "torchvision", options: imageNet } : null;
}

describe.skipIf(!isThere).each(manifest.nameLists)("%s", (list) => {
  it("is what our network has: every name, shape and type, and the number of parameters", () => {
    const wanted = namesFile.parse(JSON.parse(readFileSync(join(folder, list), "utf8")));
    const ours = networkOf(list);
    if (!ours) throw new Error(`no network for ${list}`);
    const names = weightNames(networks.find(ours.id), ours.options, ours.naming);
    expect(names).toHaveLength(wanted.tensors);
    const sorted = (entries: readonly (readonly [string, readonly number[], string])[]): unknown[] =>
      entries.map((entry) => JSON.stringify(entry)).sort();
    const types = names.map(
      ({ name, shape }) => [name, shape, name.endsWith("num_batches_tracked") ? "I64" : "F32"] as const,
    );
    expect(sorted(types)).toEqual(sorted(wanted.entries));
    const scalars = names.flatMap(({ name, shape }) =>
      /running_|num_batches/.test(name) ? [] : [shape.reduce((a, b) => a * b, 1)],
    );
    expect(scalars.reduce((sum, size) => sum + size, 0)).toBe(wanted.parameters);
  });
});

describe("files of weights as strangers hand them in", () => {
  let own = "";
  beforeAll(async () => {
    own = await mkdtemp(join(tmpdir(), "oal-weights-"));
  });
  afterAll(() => rm(own, { recursive: true }));

  const vit = networks.find("vitTiny16");
  const options = { classes: 3, imageSize: 32, width: 4, depth: 1, heads: 2 };
  const drawn = (naming?: string, sizes: NetworkOptions = options): Map<string, Tensor> =>
    new Map(
      weightNames(vit, sizes, naming).map(({ name, shape }, index) => {
        const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(index + 0.5);
        return [name, float32Tensor(shape, data)];
      }),
    );
  const write = async (tensors: ReadonlyMap<string, Tensor>): Promise<string> => {
    const path = join(own, "w.safetensors");
    await writeSafetensors(path, tensors);
    return path;
  };

  it.each(["torchvision", "torchvision 0.12"])(
    "the names of %s lead to the same tensors as our own",
    async (naming) => {
      const loaded = await loadWeights(vit, options, await write(drawn(naming)));
      expect(loaded.naming).toBe(naming);
      expect([...loaded.parameters]).toEqual([...drawn()]);
    },
  );

  it("takes off wrappers one behind the other, and widens float64", async () => {
    const wrapped = new Map(
      [...drawn()].map(([name, { shape, data }]) => [
        `module._orig_mod.${name}`,
        { dtype: "float64" as const, shape, data: Float64Array.from(data, Number) },
      ]),
    );
    const loaded = await loadWeights(vit, options, await write(wrapped));
    expect(loaded.prefix).toBe("module._orig_mod.");
    expect([...loaded.parameters]).toEqual([...drawn()]);
  });

  it("a last layer for other classes is refused, or left out where that is asked", async () => {
    const path = await write(drawn(undefined, { ...options, classes: 7 }));
    await expect(loadWeights(vit, options, path)).rejects.toMatchObject({
      code: "OAL-D160",
      details: { missing: [], unexpected: [] },
    });
    const { parameters, newHead } = await loadWeights(vit, options, path, { newHead: true });
    expect(newHead).toEqual(["head.weight", "head.bias"]);
    expect(parameters.has("head.weight")).toBe(false);
    expect(parameters.size).toBe(drawn().size - 2);
    const same = await loadWeights(vit, options, await write(drawn()), { newHead: true });
    expect(same.newHead).toEqual([]);
  });

  it("integers where weights belong are no weights", async () => {
    const tensors = drawn();
    tensors.set("norm.bias", int64Tensor([4], [1, 2, 3, 4]));
    await expect(loadWeights(vit, options, await write(tensors))).rejects.toThrow(
      /norm\.bias: \[4\] of int64/,
    );
  });

  it("a counter without its normalisation is unexpected", async () => {
    const tensors = drawn().set("bn9.num_batches_tracked", int64Tensor([], [1]));
    await expect(loadWeights(vit, options, await write(tensors))).rejects.toMatchObject({
      details: { unexpected: ["bn9.num_batches_tracked"] },
    });
  });

  it.each([
    [[0x50, 0x4b, 3, 4], "model.pth", /PyTorch pickle/],
    [[0x80, 2, 0x8a, 0x0a], "pytorch_model.bin", /PyTorch pickle/],
    [[0x89, 0x48, 0x44, 0x46], "model.h5", /HDF5/],
    [[0x50, 0x4b, 3, 4], "wrong.safetensors", /wrong-converted\.safetensors/],
  ])(
    "a file that begins with %j is named for what it is, with what converts it",
    async (first, name, what) => {
      const path = join(own, name);
      await writeFile(path, Uint8Array.from([...first, ...new Uint8Array(60)]));
      const failed = loadWeights(vit, options, path);
      await expect(failed).rejects.toMatchObject({ code: "OAL-D161" });
      await expect(failed).rejects.toThrow(what);
      await expect(failed).rejects.toThrow(name.replace(/\.\w+$/, ""));
      await expect(failed).rejects.toThrow(/save_file\(/);
    },
  );

  it("a file that is not there is said to be not there", async () => {
    await expect(loadWeights(vit, options, join(own, "none"))).rejects.toMatchObject({ code: "OAL-I112" });
  });
});
