/** Leading axes against the decomposition of the whole matrix. */
import { describe, expect, it } from "vitest";
import { Random } from "../../random/index.js";
import { algebraHere } from "./algebra.js";
import { isWorthLeading, leadingAxes } from "./leadingAxes.js";
import { pseudoSolve } from "./linearAlgebra.js";
import { transposed, type Table } from "./table.js";

const random = new Random(4, "axes");

function table(count: number, width: number, value: (i: number, j: number) => number): Table {
  return {
    count,
    width,
    data: Float64Array.from({ length: count * width }, (_, k) => value(Math.floor(k / width), k % width)),
  };
}

/** A matrix with given eigenvalues along drawn directions. */
async function withValues(values: readonly number[]): Promise<Table> {
  const size = values.length;
  const normals = random.normals(size, size * size);
  const drawn = table(size, size, (i, j) => normals[i * size + j] ?? 0);
  const { vectors } = await algebraHere.eigen(await algebraHere.products(drawn, drawn));
  const scaled = table(size, size, (i, j) => (values[j] ?? 0) * (vectors.data[j * size + i] ?? 0));
  return algebraHere.products(scaled, transposed(vectors));
}

const spectra: [string, (k: number) => number][] = [
  ["falls by a power", (k) => 100 / (1 + k) ** 1.5],
  ["falls by powers of ten at once", (k) => (k < 12 ? 1e3 / (1 + k) : 1e-6 / (1 + k))],
  ["has equal values among the leading ones", (k) => (k < 6 ? 50 : 5 / (1 + k))],
];

describe("a spectrum that", () => {
  it.each(spectra)("%s", async (_, valueOf) => {
    const [size, wanted] = [100, 12];
    const matrix = await withValues(Array.from({ length: size }, (__, k) => valueOf(k)));
    const whole = await algebraHere.eigen(matrix);
    const found = await leadingAxes(matrix, wanted, algebraHere);
    if (!found) throw new Error("they do not stand still");
    expect([found.vectors.count, found.values.length]).toEqual([wanted, wanted]);
    found.values.forEach((value, k) =>
      expect(Math.abs(value - (whole.values[k] ?? NaN))).toBeLessThan(1e-9 * (whole.values[0] ?? 1)),
    );
    // the same subspace: what one leaves of the other's vectors is nothing
    const along = await algebraHere.products(found.vectors, {
      ...whole.vectors,
      count: wanted,
      data: whole.vectors.data.subarray(0, wanted * size),
    });
    for (let k = 0; k < wanted; k++) {
      const squares = along.data.subarray(k * wanted, (k + 1) * wanted).reduce((sum, x) => sum + x * x, 0);
      expect(Math.abs(squares - 1)).toBeLessThan(1e-8);
    }
  });
});

it("gives up where values at the edge are all equal, and is asked only where it costs less", async () => {
  const flat = table(72, 72, (i, j) => (i === j ? 1 + (1e-3 * ((i * 7919) % 200)) / 200 : 0));
  expect(await leadingAxes(flat, 4, algebraHere)).toBeNull();
  expect([isWorthLeading(2048, 256), isWorthLeading(2048, 1024), isWorthLeading(512, 100)]).toEqual([
    true,
    false,
    false,
  ]);
  expect(isWorthLeading(2048, Infinity)).toBe(false);
});

it.each([
  ["of full rank", 0],
  ["whose rows sum to nothing", 1],
])("a layer %s: the pseudo-inverse's solution is that of least length", async (_, singular) => {
  const [count, width] = [5, 9];
  const drawn = random.normals(77, count * width);
  const weight = Float64Array.from(drawn, (x, k) => {
    if (singular === 0 || k < width * (count - 1)) return x;
    let sum = 0;
    for (let c = 0; c < count - 1; c++) sum -= drawn[c * width + (k % width)] ?? 0;
    return sum;
  });
  const wanted = random.normals(78, count);
  // W^T y for some y is its own shortest preimage of W W^T y
  const inside = Float64Array.from({ length: width }, (__, j) => {
    let sum = 0;
    for (let c = 0; c < count; c++) sum += (weight[c * width + j] ?? 0) * (wanted[c] ?? 0);
    return sum;
  });
  const bias = Float64Array.from({ length: count }, (__, c) => {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += (weight[c * width + j] ?? 0) * (inside[j] ?? 0);
    return sum;
  });
  const solved = await pseudoSolve(weight, bias, width, algebraHere);
  solved.forEach((value, j) => expect(value).toBeCloseTo(inside[j] ?? NaN, 8));
});
