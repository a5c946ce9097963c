/** A fitted head is the minimum of its loss, in the scale of the features, and knows nothing of what it was not fitted on. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random, toNumbers } from "oal-core";
import { testEngine } from "../testing/engine.js";
import { HeadFitter, HeadRunner, type LinearHead } from "./head.js";
import { minimise } from "./minimise.js";

const random = new Random(0, "head");
const [count, width, classes] = [60, 5, 3];
const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
const noise = random.normals(0, count * width);
// clusters that overlap, far from the origin and on a scale of their own
const features = Float32Array.from(noise, (value, i) => {
  const own = labels[Math.floor(i / width)] ?? 0;
  return 40 + 3 * value + (i % width === own ? 5 : 0);
});

let fitter: HeadFitter;
let runner: HeadRunner;
beforeAll(async () => {
  runner = await HeadRunner.open(testEngine);
  fitter = await HeadFitter.prepare(testEngine, { features, width, labels, classes });
});
afterAll(async () => {
  await fitter.release();
  await runner.release();
});

/** Mean cross-entropy and penalty of a head of the features themselves, in double precision. */
function lossOf(
  { weight, bias }: LinearHead,
  strength: number,
  scale: number,
  rows: readonly number[],
): number {
  let sum = 0;
  for (const row of rows) {
    const logits = Array.from({ length: classes }, (_, c) => {
      let z = bias.data[c] ?? 0;
      for (let j = 0; j < width; j++)
        z = Number(z) + Number(weight.data[c * width + j]) * (features[row * width + j] ?? 0);
      return Number(z);
    });
    const largest = Math.max(...logits);
    const total = logits.reduce((all, z) => all + Math.exp(z - largest), 0);
    sum += largest + Math.log(total) - (logits[labels[row] ?? 0] ?? 0);
  }
  const squares = Array.from(weight.data, Number).reduce((all, w) => all + w * w, 0);
  return sum / rows.length + ((strength / 2) * squares) / scale ** 2;
}

describe("a fitted head", () => {
  const all = Array.from(labels.keys());

  it.each([0.1, 0.001])("with a penalty of %d is the smallest of its neighbours", async (strength) => {
    const fitted = await fitter.fit({ strength });
    const head = fitter.head(fitted);
    const scale = 1 / Math.sqrt(spreadOf(all));
    const least = lossOf(head, strength, scale, all);
    expect(fitted.loss).toBeCloseTo(least, 4);
    for (let trial = 0; trial < 12; trial++) {
      const moves = random.derive("moves").normals(trial, classes * (width + 1));
      const moved: LinearHead = {
        weight: {
          ...head.weight,
          data: Float32Array.from(toNumbers(head.weight), (w, i) => w + 3e-3 * (moves[i] ?? 0)),
        },
        bias: {
          ...head.bias,
          data: Float32Array.from(
            toNumbers(head.bias),
            (b, c) => b + 3e-3 * (moves[classes * width + c] ?? 0),
          ),
        },
      };
      expect(lossOf(moved, strength, scale, all)).toBeGreaterThan(least);
    }
  });

  it("gives the logits of its weights, and tells the classes apart", async () => {
    const head = fitter.head(await fitter.fit({ strength: 1e-3 }));
    const logits = await runner.logits(head, features);
    const right = all.filter((row) => {
      const own = logits.subarray(row * classes, (row + 1) * classes);
      return own.indexOf(Math.max(...own)) === labels[row];
    });
    expect(right.length / count).toBeGreaterThan(0.7);
    expect(await runner.logits(head, new Float32Array())).toHaveLength(0);
  });

  it("without a class is that of a folder without it", async () => {
    const kept = all.filter((row) => labels[row] !== 1);
    const without = fitter.head(await fitter.fit({ strength: 0.01, without: 1 }), 1);
    const alone = await HeadFitter.prepare(testEngine, {
      features: Float32Array.from(
        kept.flatMap((row) => [...features.subarray(row * width, (row + 1) * width)]),
      ),
      width,
      labels: Int32Array.from(kept, (row) => (labels[row] === 2 ? 1 : 0)),
      classes: 2,
    });
    // the same penalty in the scale of the other fit
    const strength = (0.01 * spreadOf(all)) / spreadOf(kept);
    const other = alone.head(await alone.fit({ strength }));
    const [a, b] = await Promise.all([runner.logits(without, features), runner.logits(other, features)]);
    const margin = (logits: Float32Array): number[] =>
      all.map((row) => (logits[2 * row] ?? 0) - (logits[2 * row + 1] ?? 0));
    margin(a).forEach((value, i) => expect(value).toBeCloseTo(margin(b)[i] ?? NaN, 2));
    expect(without.weight.shape).toEqual([2, width]);
    await alone.release();
  });

  it("of some rows does not depend on the others", async () => {
    const half = all.filter((row) => row % 2 === 0);
    const fitted = await fitter.fit({ strength: 0.01, rows: half });
    const own = lossOf(fitter.head(fitted), 0, 1, half);
    expect(await fitter.crossEntropy(fitted, half)).toBeCloseTo(own, 4);
    expect(await fitter.crossEntropy(fitted, [1])).toBeCloseTo(lossOf(fitter.head(fitted), 0, 1, [1]), 4);
  });
});

/** Mean square length of the features of some rows around their mean. */
function spreadOf(rows: readonly number[]): number {
  const at = (row: number, j: number): number => features[row * width + j] ?? 0;
  let sum = 0;
  for (let j = 0; j < width; j++) {
    const mean = rows.reduce((all, row) => all + at(row, j), 0) / rows.length;
    sum += rows.reduce((all, row) => all + (at(row, j) - mean) ** 2, 0) / rows.length;
  }
  return sum;
}

describe("minimise", () => {
  it("finds the minimum of a long valley", async () => {
    const target = [3, -1, 0.5, 8];
    const steep = [1, 100, 1e4, 0.01];
    const { point, steps } = await minimise(
      (at) =>
        Promise.resolve({
          value: at.reduce((sum, x, i) => sum + 0.5 * (steep[i] ?? 0) * (x - (target[i] ?? 0)) ** 2, 0),
          gradient: at.map((x, i) => (steep[i] ?? 0) * (x - (target[i] ?? 0))),
        }),
      new Float64Array(4),
      { tolerance: 1e-7, steps: 500 },
    );
    point.forEach((x, i) => expect(x).toBeCloseTo(target[i] ?? NaN, 4));
    expect(steps).toBeLessThan(500);
  });
});
