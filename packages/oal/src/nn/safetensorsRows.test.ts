/** Tensors row by row: the same numbers as whole, files whole or absent, and what is not there refused. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32Tensor, int64Tensor } from "oal-core";
import { afterAll, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "./safetensors.js";
import { openSafetensorsRows, writeSafetensorsRows } from "./safetensorsRows.js";

const folder = mkdtempSync(join(tmpdir(), "oal-rows-"));
afterAll(() => rmSync(folder, { recursive: true }));

const numbers = (count: number, from = 0): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => from + i / 8);
const whole = new Map([
  ["labels", int64Tensor([3], [4, 5, 6])],
  ["cubes", float32Tensor([5, 2, 3], numbers(30))],
  ["rows", float32Tensor([4, 7], numbers(28, 100))],
]);

it("reads rows that were written whole, in any order and number", async () => {
  const path = join(folder, "whole.safetensors");
  await writeSafetensors(path, whole);
  const cubes = openSafetensorsRows(path, "cubes");
  const rows = openSafetensorsRows(path, "rows");
  expect([cubes.count, cubes.width, rows.count, rows.width]).toEqual([5, 6, 4, 7]);
  expect(cubes.read(4, 5)).toEqual(numbers(6, 3));
  expect(cubes.read(1, 4)).toEqual(numbers(18, 0.75));
  expect(cubes.read(0, 1)).toEqual(numbers(6));
  expect(rows.read(3, 4)).toEqual(numbers(7, 100 + 21 / 8));
  cubes.close();
  rows.close();
  expect([...(await readSafetensors(path, ["rows", "nothing"])).tensors.keys()]).toEqual(["rows"]);
});

it("writes the same file from rows that come in parts", async () => {
  const [path, other] = [join(folder, "parts.safetensors"), join(folder, "once.safetensors")];
  const tensors = new Map([...whole].filter(([name]) => name !== "labels"));
  const others = new Map([...whole].filter(([name]) => name === "labels"));
  await writeSafetensors(other, new Map([...tensors, ...others]));
  await writeSafetensorsRows(
    path,
    new Map([...tensors].map(([name, { shape }]) => [name, shape])),
    async (append) => {
      await append("rows", numbers(7, 100));
      await append("cubes", numbers(24));
      await append("rows", numbers(21, 100 + 7 / 8));
      await append("cubes", numbers(6, 3));
    },
    others,
  );
  expect(readFileSync(path).equals(readFileSync(other))).toBe(true);
});

it("leaves nothing behind when rows fail to come or are too few", async () => {
  const path = join(folder, "broken.safetensors");
  const shapes = new Map([["rows", [4, 7]]]);
  await expect(
    writeSafetensorsRows(path, shapes, () => Promise.reject(new Error("no more rows"))),
  ).rejects.toThrow("no more rows");
  await expect(
    writeSafetensorsRows(path, shapes, (append) => append("rows", numbers(21))),
  ).rejects.toMatchObject({ code: "OAL-X101" });
  await expect(
    writeSafetensorsRows(join(folder, "none", "x"), shapes, () => Promise.resolve()),
  ).rejects.toMatchObject({ code: "OAL-I101" });
  expect(readdirSync(folder).filter((name) => name.startsWith("broken"))).toEqual([]);
});

it("refuses what is not there, of another type, or cut short", async () => {
  const path = join(folder, "whole.safetensors");
  await writeSafetensors(path, whole);
  expect(() => openSafetensorsRows(join(folder, "absent"), "rows")).toThrow(
    expect.objectContaining({ code: "OAL-I112" }),
  );
  expect(() => openSafetensorsRows(path, "columns")).toThrow(expect.objectContaining({ code: "OAL-I111" }));
  expect(() => openSafetensorsRows(path, "labels")).toThrow(expect.objectContaining({ code: "OAL-I111" }));
  const short = join(folder, "short.safetensors");
  writeFileSync(short, readFileSync(path));
  const open = openSafetensorsRows(short, "rows");
  truncateSync(short, readFileSync(path).length - 4);
  expect(() => open.read(3, 4)).toThrow(expect.objectContaining({ code: "OAL-I103" }));
  open.close();
  expect(() => openSafetensorsRows(short, "rows")).toThrow(expect.objectContaining({ code: "OAL-I103" }));
});
