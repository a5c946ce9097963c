import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { add, float32Tensor, Graph, writeModel } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { readModelFile, writeModelFile } from "./modelFile.js";

const root = mkdtempSync(join(tmpdir(), "oal-model-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const folder = (): string => mkdtempSync(join(root, "each-"));
const numbers = (offset: number): Float32Array => Float32Array.from({ length: 1000 }, (_, i) => i + offset);

/** y = x + large + small. */
function sums(offset: number): Graph {
  const graph = new Graph();
  const large = graph.constant(float32Tensor([1000], numbers(offset)), "large");
  const small = graph.constant(float32Tensor([1], [0.5]), "small");
  graph.output("y", add(add(graph.input("x", { dtype: "float32", shape: [1000] }), large), small));
  return graph;
}

async function computed(path: string): Promise<number[]> {
  const session = await testEngine.open(path);
  const { y } = await session.run({ x: float32Tensor([1000], new Float32Array(1000)) });
  await session.release();
  return y ? Array.from(y.data, Number).slice(0, 3) : [];
}

describe("a model file", () => {
  it("is one file unless its weights are large, with the bytes of writeModel", async () => {
    const path = join(folder(), "model.onnx");
    expect(await writeModelFile(path, sums(0), { metadata: { a: "b" } })).toEqual([path]);
    expect(Buffer.compare(readFileSync(path), writeModel(sums(0), { metadata: { a: "b" } }))).toBe(0);
  });

  it("may have its weights beside it, which the engine and readModelFile find", async () => {
    const place = folder();
    const path = join(place, "model.onnx");
    const [, weights = ""] = await writeModelFile(path, sums(1), { weightsBeside: true });
    expect(new Set(readdirSync(place).map((name) => join(place, name)))).toEqual(new Set([path, weights]));
    expect(readFileSync(path).length).toBeLessThan(1000);
    expect(await computed(path)).toEqual([1.5, 2.5, 3.5]);
    const { values, graph } = await readModelFile(path);
    expect(values.get("large")?.constant?.data).toEqual(numbers(1));
    expect(values.get("small")?.constant?.data).toEqual(Float32Array.of(0.5));
    expect(Buffer.compare(writeModel(graph), writeModel(sums(1)))).toBe(0);
  });

  it("replaces the one that was there, whose weights go", async () => {
    const place = folder();
    const path = join(place, "model.onnx");
    writeFileSync(join(place, "weights-0123456789abcdef.data"), "another model's");
    const first = await writeModelFile(path, sums(1), { weightsBeside: true });
    const second = await writeModelFile(path, sums(2), { weightsBeside: true });
    expect(second[1]).not.toBe(first[1]);
    expect(await computed(path)).toEqual([2.5, 3.5, 4.5]);
    await writeModelFile(path, sums(3));
    expect(await computed(path)).toEqual([3.5, 4.5, 5.5]);
    expect(readdirSync(place).sort()).toEqual(["model.onnx", "weights-0123456789abcdef.data"]);
  });

  it("that cannot be written leaves nothing behind, and the one before it whole", async () => {
    const place = folder();
    const path = join(place, "model.onnx");
    mkdirSync(path);
    await expect(writeModelFile(path, sums(1), { weightsBeside: true })).rejects.toMatchObject({
      code: expect.stringMatching(/^E/),
    });
    expect(readdirSync(place)).toEqual(["model.onnx"]);
  });

  it("without its weights, or with weights elsewhere, is refused with a sentence", async () => {
    const place = folder();
    const path = join(place, "model.onnx");
    const [, weights = ""] = await writeModelFile(path, sums(1), { weightsBeside: true });
    writeFileSync(weights, readFileSync(weights).subarray(0, 100));
    await expect(readModelFile(path)).rejects.toThrowError("up to byte 4000, and that file ends at 100");
    rmSync(weights);
    await expect(readModelFile(path)).rejects.toMatchObject({ code: "OAL-G112" });
    const elsewhere = readFileSync(path, "latin1").replace(
      /weights-[0-9a-f]{16}/,
      "../../../../../../passwd",
    );
    writeFileSync(path, elsewhere, "latin1");
    await expect(readModelFile(path)).rejects.toThrowError("outside the model's folder");
  });
});
