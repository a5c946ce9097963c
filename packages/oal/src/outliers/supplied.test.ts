/** Outliers of files: the shapes that are taken, and what is said of others. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32Tensor, int64Tensor, type Tensor } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { writeSafetensors } from "../nn/safetensors.js";
import { npyBytes } from "../testing/npy.js";
import { readSuppliedEmbeddings, readSuppliedLatents } from "./supplied.js";

const folder = await mkdtemp(join(tmpdir(), "oal-supplied-"));
afterAll(() => rm(folder, { recursive: true }));

const counting = (shape: readonly number[]): Tensor =>
  float32Tensor(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );

async function npy(shape: readonly number[], values?: Float32Array): Promise<string> {
  const path = join(folder, `${shape.join("x")}${values ? "-own" : ""}.npy`);
  await writeFile(path, npyBytes(values ? float32Tensor(shape, values) : counting(shape)));
  return path;
}

describe("latents of a file", () => {
  it.each([
    [[5, 3, 4, 6, 8], 15, [4, 6, 8]],
    [[7, 4, 6, 8], 7, [4, 6, 8]],
    [[5, 3, 6, 8], 15, [1, 6, 8]],
    [[5, 6, 8], 5, [1, 6, 8]],
  ])("of shape %j are %i of %j", async (shape, count, latent) => {
    const found = await readSuppliedLatents(await npy(shape));
    expect(found).toMatchObject({ count, shape: latent, labels: null });
    expect([...found.values]).toEqual([...counting(shape).data].map(Number));
    expect(found.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("may have labels, in a file of named tensors", async () => {
    const path = join(folder, "l.safetensors");
    await writeSafetensors(
      path,
      new Map([
        ["latents", counting([2, 4, 6, 8])],
        ["labels", int64Tensor([2], [1, 0])],
      ]),
    );
    expect(await readSuppliedLatents(path)).toMatchObject({ count: 2, labels: Int32Array.of(1, 0) });
    await expect(readSuppliedEmbeddings(path)).rejects.toThrow(
      'l.safetensors: it has no tensor "embeddings" (it has latents, labels)',
    );
  });

  it("are refused in other shapes, with numbers that are none, cut short and absent", async () => {
    await expect(readSuppliedLatents(await npy([6, 8]))).rejects.toMatchObject({ code: "OAL-T134" });
    await expect(readSuppliedLatents(await npy([0, 3, 6, 8]))).rejects.toThrow("[0, 3, 6, 8]");
    const bad = await npy([1, 1, 2], Float32Array.of(1, NaN));
    await expect(readSuppliedLatents(bad)).rejects.toThrow("number 1 is NaN");
    const cut = join(folder, "cut.npy");
    await writeFile(cut, npyBytes(counting([5, 6, 8])).subarray(0, 200));
    await expect(readSuppliedLatents(cut)).rejects.toThrow("cut short");
    await expect(readSuppliedLatents(join(folder, "none.npy"))).rejects.toMatchObject({ code: "OAL-T134" });
    const path = join(folder, "wrong.safetensors");
    await writeSafetensors(
      path,
      new Map([
        ["latents", counting([2, 4, 6, 8])],
        ["labels", int64Tensor([3], [1, 0, 0])],
      ]),
    );
    await expect(readSuppliedLatents(path)).rejects.toThrow('"labels" has shape [3] for 2 outliers');
  });
});

describe("embeddings of a file", () => {
  it("have their class by the first of three axes", async () => {
    const found = await readSuppliedEmbeddings(await npy([2, 3, 5]));
    expect(found).toMatchObject({ count: 6, dimension: 5, labels: Int32Array.of(0, 0, 0, 1, 1, 1) });
    expect(await readSuppliedEmbeddings(await npy([4, 5]))).toMatchObject({ count: 4, labels: null });
    await expect(readSuppliedEmbeddings(await npy([4]))).rejects.toMatchObject({ code: "OAL-T134" });
  });
});
