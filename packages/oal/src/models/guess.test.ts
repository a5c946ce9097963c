/** A normalisation is told by what a batch normalisation keeps, or by answers that stay the same for the same picture. */
import {
  batchNormInference,
  conv2d,
  float32Tensor,
  gemm,
  Graph,
  Random,
  reduceMean,
  relu,
  writeModel,
  type Tensor,
  type Value,
} from "oal-core";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { agreement } from "./agreement.js";
import { withGuessedNormalisation } from "./guessNormalisation.js";
import { loadModelFile } from "./load.js";
import { namedNormalisations } from "./normalisations.js";

const folder = mkdtempSync(join(tmpdir(), "oal-guess-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const side = 8;
const random = new Random(1, "guess");
const numbers = (shape: readonly number[], from: number): Tensor =>
  float32Tensor(
    shape,
    random.normals(
      from,
      shape.reduce((all, size) => all * size, 1),
    ),
  );

/** Pictures of one colour each, a little noisy. */
const pictures = Array.from({ length: 24 }, (_, picture) => {
  const noise = random.uniforms(1000 * picture, 3 * side * side);
  return Uint8Array.from(noise, (u, i) => {
    const channel = Math.floor(i / (side * side));
    return 40 + 20 * ((picture * (channel + 1)) % 9) + 20 * u;
  });
});

function written(name: string, build: (x: Value) => Value, channels = 3): string {
  const graph = new Graph();
  const x = graph.input("x", { dtype: "float32", shape: ["N", channels, side, side] });
  graph.output("logits", build(x));
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, writeModel(graph));
  return path;
}

describe("a guess", () => {
  it.each(["imagenet", "-1..1", "0..255", "caffe"] as const)(
    "follows the statistics that a file keeps: %s",
    async (name) => {
      const { mean, std, ...rest } = namedNormalisations[name];
      const order = "order" in rest ? [2, 1, 0] : [0, 1, 2];
      // means and variances of the pictures themselves, as training would have kept them
      const kept = order.map((channel) => {
        const values = pictures.flatMap((planes) =>
          Array.from(
            planes.subarray(channel * side * side, (channel + 1) * side * side),
            (value) => (value / 255 - (mean[channel] ?? 0)) / (std[channel] ?? 1),
          ),
        );
        const average = values.reduce((sum, value) => sum + value, 0) / values.length;
        return {
          average,
          variance: values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length,
        };
      });
      const path = written(`bn-${name}`, (x) => {
        const { graph } = x;
        const vector = (values: number[]): Value => graph.constant(float32Tensor([3], values));
        const normal = batchNormInference(
          x,
          vector([1, 2, 3]),
          vector([0, 1, 2]),
          vector(kept.map(({ average }) => average)),
          vector(kept.map(({ variance }) => variance)),
        );
        const map = relu(conv2d(normal, graph.constant(numbers([4, 3, 3, 3], 0)), null));
        return gemm(reduceMean(map, [2, 3], false), graph.constant(numbers([5, 4], 200)), null, {
          transB: true,
        });
      });
      const model = await loadModelFile(path);
      expect(model.normalisation.source).toBe("assumed");
      const guessed = await withGuessedNormalisation(model, { engine: testEngine, pictures });
      expect(guessed.normalisation).toMatchObject({ name, source: "guess", mean, std });
      expect(guessed.normalisation.evidence[0]).toContain("first batch normalisation keeps");
      expect(guessed.preprocessing).toMatchObject({ mean, std });
    },
  );

  it("is made by agreement where a file keeps none, and changes nothing that is known", async () => {
    const path = written("plain", (x) => {
      const map = relu(conv2d(x, x.graph.constant(numbers([4, 3, 3, 3], 0)), null));
      return gemm(reduceMean(map, [2, 3], false), x.graph.constant(numbers([5, 4], 200)), null, {
        transB: true,
      });
    });
    const model = await loadModelFile(path);
    const told: number[] = [];
    const guessed = await withGuessedNormalisation(model, {
      engine: testEngine,
      pictures,
      onProgress: (done) => void told.push(done),
    });
    expect(guessed.normalisation.evidence[0]).toMatch(
      /mirrored or nearer, than of two pictures, on \d+ pictures: .*imagenet/,
    );
    expect(told.length).toBeGreaterThan(5);
    const given = await loadModelFile(path, { normalisation: namedNormalisations.clip });
    expect(await withGuessedNormalisation(given, { engine: testEngine, pictures })).toBe(given);
  });
});

describe("a guess for a model of grey pictures", () => {
  const net = (x: Value): Value =>
    gemm(
      reduceMean(relu(conv2d(x, x.graph.constant(numbers([4, 1, 3, 3], 0)), null)), [2, 3], false),
      x.graph.constant(numbers([5, 4], 200)),
      null,
      { transB: true },
    );

  it("follows the statistics of their brightness", async () => {
    const grey = pictures.flatMap((planes) =>
      Array.from({ length: side * side }, (_, i) => {
        const [r = 0, g = 0, b = 0] = [0, 1, 2].map((channel) => planes[channel * side * side + i]);
        return (Math.floor((19595 * r + 38470 * g + 7471 * b + 32768) / 65536) / 255 - 0.5) / 0.5;
      }),
    );
    const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
    const variance = grey.reduce((sum, value) => sum + (value - mean) ** 2, 0) / grey.length;
    const path = written(
      "grey-bn",
      (x) => {
        const vector = (value: number): Value => x.graph.constant(float32Tensor([1], [value]));
        return net(batchNormInference(x, vector(1), vector(0), vector(mean), vector(variance)));
      },
      1,
    );
    const guessed = await withGuessedNormalisation(await loadModelFile(path), {
      engine: testEngine,
      pictures,
    });
    expect(guessed.normalisation).toMatchObject({ name: "-1..1", source: "guess" });
    expect(guessed.normalisation.evidence[0]).toContain("first batch normalisation keeps");
  });

  it("is made by agreement where the file keeps none", async () => {
    const guessed = await withGuessedNormalisation(await loadModelFile(written("grey", net, 1)), {
      engine: testEngine,
      pictures: pictures.slice(0, 8),
    });
    expect(guessed.normalisation.source).toBe("guess");
    expect(guessed.normalisation.evidence[0]).toMatch(
      /mirrored or nearer, than of two pictures, on 8 pictures/,
    );
  });
});

describe("agreement", () => {
  const row = (...values: number[]): Float32Array => Float32Array.from(values);

  it("is the probability of one class for two looks, less that for two pictures", () => {
    const sure = agreement([row(20, 0), row(0, 20)], [row(20, 0), row(0, 20)], true);
    expect(sure[0]).toBeCloseTo(1, 6);
    // always the same answer, however sure, is no sight
    expect(agreement([row(20, 0), row(20, 0)], [row(20, 0), row(20, 0)], true)[0]).toBeCloseTo(0, 6);
    expect(agreement([row(NaN, 0), row(0, 20)], [row(20, 0), row(0, 20)], true)[0]).toBe(-1);
  });

  it("is the cosine of features around their mean", () => {
    const values = agreement([row(3, 1), row(1, 1)], [row(4, 1), row(0, 1)], false);
    expect(values).toEqual([2, 2]);
  });
});
