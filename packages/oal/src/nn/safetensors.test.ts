import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { float32Tensor, int64Tensor, uint8Tensor, type Tensor } from "oal-core";
import { readSafetensors, safetensorsPieces, writeSafetensors } from "./safetensors.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "oal-safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

const tensors = new Map([
  ["bytes", uint8Tensor([3], Uint8Array.of(1, 2, 3))],
  ["fc.weight", float32Tensor([2, 2], [1, -2, 0.5, 3])],
  ["größe", int64Tensor([], [7])],
  ["empty", float32Tensor([0, 4], [])],
]);

describe("safetensors", () => {
  it("reads what it wrote, in order, with odd offsets", async () => {
    const path = join(folder, "a.safetensors");
    await writeSafetensors(path, tensors, { format: "pt" });
    const back = await readSafetensors(path);
    expect([...back.tensors]).toEqual([...tensors]);
    expect(back.metadata).toEqual({ format: "pt" });
  });

  it("holds integers of every width", async () => {
    const path = join(folder, "integers.safetensors");
    const integers = new Map<string, Tensor>([
      ["int8", { dtype: "int8", shape: [2], data: Int8Array.of(-5, 7) }],
      ["int16", { dtype: "int16", shape: [2], data: Int16Array.of(-500, 7) }],
      ["uint16", { dtype: "uint16", shape: [2], data: Uint16Array.of(65535, 7) }],
      ["uint32", { dtype: "uint32", shape: [2], data: Uint32Array.of(4294967295, 7) }],
      ["uint64", { dtype: "uint64", shape: [2], data: BigUint64Array.of(18446744073709551615n, 7n) }],
    ]);
    await writeSafetensors(path, integers);
    expect([...(await readSafetensors(path)).tensors]).toEqual([...integers]);
  });

  it("widens half precision", async () => {
    const header = JSON.stringify({
      h: { dtype: "F16", shape: [3], data_offsets: [0, 6] },
      b: { dtype: "BF16", shape: [1], data_offsets: [6, 8] },
    });
    const path = join(folder, "half.safetensors");
    const data = new Uint8Array(Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x4049).buffer);
    await writeFile(
      path,
      Buffer.concat([
        new Uint8Array(BigUint64Array.of(BigInt(header.length)).buffer),
        Buffer.from(header),
        data,
      ]),
    );
    const { tensors: back } = await readSafetensors(path);
    expect([...(back.get("h")?.data ?? [])]).toEqual([1, -2.5, 2 ** -24]);
    expect([...(back.get("b")?.data ?? [])]).toEqual([3.140625]);
  });

  it("refuses damaged files by name", async () => {
    const whole = Buffer.concat([...safetensorsPieces(tensors)]);
    const path = join(folder, "bad.safetensors");
    for (const bytes of [
      whole.subarray(0, whole.length - 3),
      whole.subarray(0, 5),
      Buffer.from("version https://git-lfs.github.com/spec/v1\n"),
    ]) {
      await writeFile(path, bytes);
      await expect(readSafetensors(path)).rejects.toMatchObject({ code: "OAL-I103" });
    }
    await expect(readSafetensors(join(folder, "none"))).rejects.toMatchObject({ code: "OAL-I112" });
    await expect(writeSafetensors(join(folder, "no", "a"), tensors)).rejects.toMatchObject({
      code: "OAL-I101",
    });
  });
});
