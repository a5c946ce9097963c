/** The losses of auto-encoder and denoiser taken apart, and their random inputs counted. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  evaluateReference,
  float32Data,
  float32Tensor,
  Graph,
  Random,
  sizeOf,
  toNumbers,
  type Tensor,
  type Value,
  memoryRows,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { TrainingContext } from "../../nn/context.js";
import { noiseSchedule } from "../samplers/schedule.js";
import { autoEncoderLoss, decode, encode } from "./autoEncoder.js";
import { denoiserLoss, type DenoiserOptions } from "./denoiser.js";
import { saveDiffusionFolder } from "./folder.js";
import { diffusionGraphs } from "./graphs.js";
import { openDiffusionFolder } from "./openFolder.js";
import { autoEncoderTask, denoiserTask, type PictureSource } from "./tasks.js";
import { testEngine } from "../../testing/engine.js";

const options = { width: 8, fullResolution: false, klWeight: 1e-3 };
const denoiserOptions = { channels: 8, blocks: 1, target: "v" } as const;
const noise = (name: string, shape: readonly number[], scale = 1): Tensor =>
  float32Tensor(
    shape,
    new Random(4, name).normals(0, sizeOf(shape)).map((value) => scale * value),
  );

/** Outputs of what a builder makes, with random parameters (zeros would hide what is behind them). */
function evaluate(
  tensors: Readonly<Record<string, Tensor>>,
  build: (context: TrainingContext, inputs: (name: string) => Value) => Readonly<Record<string, Value>>,
): Record<string, number[]> {
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const inputs = new Map(
    Object.entries(tensors).map(([name, tensor]) => [name, graph.input(`in ${name}`, tensor)]),
  );
  const built = build(context, (name) => inputs.get(name) ?? graph.scalar(0));
  for (const [name, value] of Object.entries(built)) graph.output(name, value);
  const feeds = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`in ${name}`, tensor]));
  for (const { name, shape } of context.specs)
    feeds[name] = noise(name, shape, 1 / Math.sqrt(Math.max(1, sizeOf(shape.slice(1)))));
  const results = evaluateReference(graph, feeds);
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, toNumbers(tensor)]));
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the auto-encoder's loss", () => {
  it("is the absolute error of a sampled latent's decoding plus the weighted divergence from the standard normal", () => {
    const tensors = { images: noise("images", [1, 3, 8, 8]), noise: noise("noise", [1, 4, 2, 2]) };
    const loss = evaluate(tensors, (context, input) => {
      const { total, terms } = autoEncoderLoss(context, input("images"), input("noise"), {
        ...options,
        klWeight: 0.5,
      });
      return { total, ...terms };
    });
    const moments = evaluate(tensors, (context, input) => {
      const { mean: centre, logVariance } = encode(context, input("images"), options);
      return { centre, logVariance };
    });
    const { centre = [], logVariance = [] } = moments;
    const divergence = centre.map((m, i) => {
      const v = logVariance[i] ?? 0;
      return (m * m + Math.exp(v) - 1 - v) / 2;
    });
    expect(loss["kl"]?.[0]).toBeCloseTo(mean(divergence), 4);
    const drawn = toNumbers(tensors.noise);
    const latents = centre.map((m, i) => m + Math.exp((logVariance[i] ?? 0) / 2) * (drawn[i] ?? 0));
    const { decoded = [] } = evaluate(
      { latents: float32Tensor([1, 4, 2, 2], latents) },
      (context, input) => ({
        decoded: decode(context, input("latents"), options),
      }),
    );
    const errors = toNumbers(tensors.images).map((pixel, i) => Math.abs(pixel - (decoded[i] ?? 0)));
    expect(loss["reconstruction"]?.[0]).toBeCloseTo(mean(errors), 4);
    expect(loss["total"]?.[0]).toBeCloseTo(mean(errors) + 0.5 * mean(divergence), 4);
  });
});

describe("the denoiser's loss", () => {
  const shape = [1, 4, 4, 4];
  const tensors = {
    latents: noise("latents", shape),
    noise: noise("noise", shape),
    condition: noise("condition", [1, 6]),
    drop: float32Tensor([1], [0]),
    time: float32Tensor([1], [300]),
  };
  const loss = (
    level: number,
    more: Readonly<Record<string, Tensor>> = {},
    choice: Partial<DenoiserOptions> = {},
  ): number => {
    const all = { ...tensors, alphaBar: float32Tensor([1], [level]), ...more };
    const built = evaluate(all, (context, input) => ({
      total: denoiserLoss(
        context,
        {
          latents: input("latents"),
          condition: input("condition"),
          drop: input("drop"),
          time: input("time"),
          alphaBar: input("alphaBar"),
          noise: input("noise"),
        },
        { ...denoiserOptions, ...choice },
      ).total,
    }));
    return built["total"]?.[0] ?? NaN;
  };
  const others = { latents: noise("other latents", shape), noise: noise("other noise", shape) };

  it("of predicted noise sees no latent at level 0 and no noise in its input at level 1", () => {
    const epsilon = { target: "epsilon" } as const;
    expect(loss(0, { latents: others.latents }, epsilon)).toBeCloseTo(loss(0, {}, epsilon), 4);
    expect(loss(0, { noise: others.noise }, epsilon)).not.toBeCloseTo(loss(0, {}, epsilon), 3);
    expect(loss(0.5, { latents: others.latents }, epsilon)).not.toBeCloseTo(loss(0.5, {}, epsilon), 3);
  });

  it("of velocity is that of the noise at level 1 and of minus the latent at level 0", () => {
    // At level 1 the input is the latent alone and v = noise: the two predictions have one loss.
    expect(loss(1)).toBeCloseTo(loss(1, {}, { target: "epsilon" }), 4);
    // At level 0 the input is the noise alone; a latent of minus the noise then is predicted as noise is.
    const minus = float32Tensor(
      shape,
      toNumbers(tensors.noise).map((value) => -value),
    );
    expect(loss(0, { latents: minus })).toBeCloseTo(loss(0, {}, { target: "epsilon" }), 4);
  });

  it("does not see a condition that is dropped", () => {
    const dropped = { drop: float32Tensor([1], [1]) };
    const other = { condition: noise("other condition", [1, 6]) };
    expect(loss(0.5, { ...dropped, ...other })).toBeCloseTo(loss(0.5, dropped), 5);
    expect(loss(0.5, other)).not.toBeCloseTo(loss(0.5), 4);
  });
});

describe("random inputs of the trainings", () => {
  const images: PictureSource = {
    count: 6,
    height: 8,
    width: 8,
    read: (rows) => Uint8Array.from({ length: rows.length * 192 }, (_, i) => i % 8),
  };
  const values = (batch: Readonly<Record<string, Tensor>>, name: string): number[] =>
    batch[name] ? toNumbers(batch[name]) : [];

  it("mirror half of the auto-encoder's pictures where asked, none otherwise", () => {
    const mirrored = (flip: boolean): number => {
      const task = autoEncoderTask({ ...options, images, batchSize: 200, seed: 1, flip });
      const pixels = values(task.batch(0), "images");
      return Array.from({ length: 200 }, (_, i) => pixels[i * 192]).filter((first) => first === 7).length;
    };
    expect(mirrored(false)).toBe(0);
    expect(Math.abs(mirrored(true) - 100)).toBeLessThan(30);
  });

  it("sample latents with mean and deviation of their posterior, drop conditions at their rate, jitter the rest", () => {
    const [batchSize, size] = [400, 4];
    const embeddings = Float32Array.from({ length: 6 * 2 }, (_, i) => (i % 2 === 0 ? 3 : 4));
    const make = (jitter: number) =>
      denoiserTask({
        ...denoiserOptions,
        moments: {
          mean: memoryRows(new Float32Array(6 * size).fill(10), size),
          logVariance: memoryRows(new Float32Array(6 * size).fill(Math.log(9)), size),
        },
        latentShape: [1, 2, 2],
        latentScale: 0.5,
        embeddings: memoryRows(embeddings, 2),
        batchSize,
        conditionDropout: 0.25,
        conditionNoise: jitter,
        schedule: noiseSchedule(),
        seed: 1,
      }).batch(3);
    const batch = make(0);
    const latents = values(batch, "latents");
    expect(mean(latents)).toBeCloseTo(5, 0);
    expect(Math.sqrt(mean(latents.map((value) => (value - mean(latents)) ** 2)))).toBeCloseTo(1.5, 1);
    expect(Math.abs(mean(values(batch, "drop")) - 0.25)).toBeLessThan(0.07);
    const schedule = noiseSchedule();
    values(batch, "time").forEach((t, i) =>
      expect(values(batch, "alphaBar")[i]).toBeCloseTo(schedule.alphaBar[t] ?? NaN, 6),
    );
    expect(values(batch, "condition").slice(0, 2)).toEqual([expect.closeTo(0.6, 6), expect.closeTo(0.8, 6)]);
    const moved = values(make(0.3), "condition").map((value, i) => value - (i % 2 === 0 ? 0.6 : 0.8));
    // The deviation is uniform in [0, 0.3): its mean square is 0.03.
    expect(mean(moved.map((value) => value ** 2))).toBeCloseTo(0.03, 2);
    expect(mean(moved.map((value) => value ** 2))).toBeGreaterThan(0.02);
  });
});

describe("a model folder", () => {
  it("decodes scaled latents as it encodes pictures: divided by the scale of the folder", async () => {
    const root = await mkdtemp(join(tmpdir(), "oal-scale-"));
    const task = autoEncoderTask({
      ...options,
      images: { count: 1, height: 16, width: 16, read: () => new Uint8Array() },
      batchSize: 1,
      flip: false,
      seed: 1,
    });
    const parametersOf = (build: (context: TrainingContext) => void): Map<string, Tensor> => {
      const context = new TrainingContext(new Graph());
      build(context);
      return new Map(context.specs.map(({ name, shape }) => [name, noise(name, shape, 0.2)]));
    };
    const autoEncoder = parametersOf((context) => {
      const inputs = Object.entries(task.inputs).map(([name, type]) => [
        name,
        context.graph.input(`in ${name}`, type),
      ]);
      task.build(context, Object.fromEntries(inputs));
    });
    const denoiser = parametersOf((context) => {
      const { graph } = context;
      const input = (name: string, of: readonly number[]): Value =>
        graph.input(`in ${name}`, { dtype: "float32", shape: of });
      denoiserLoss(
        context,
        {
          latents: input("latents", [1, 4, 4, 4]),
          noise: input("noise", [1, 4, 4, 4]),
          condition: input("condition", [1, 6]),
          drop: input("drop", [1]),
          time: input("time", [1]),
          alphaBar: input("alphaBar", [1]),
        },
        denoiserOptions,
      );
    });
    const pictures = await Promise.all(
      [1, 4].map(async (latentScale) => {
        const folder = join(root, `scale-${latentScale}`);
        const graphs = diffusionGraphs({
          autoEncoder,
          denoiser,
          autoEncoderOptions: options,
          denoiserOptions,
          imageSize: 16,
          embeddingDimension: 6,
          batch: 2,
        });
        await saveDiffusionFolder(folder, graphs, {
          latentScale,
          schedule: noiseSchedule(),
          prediction: "epsilon",
        });
        const model = await openDiffusionFolder(testEngine, folder);
        const latents = float32Data(noise("to decode", [3, 4, 4, 4], 2)).map((value) => value * latentScale);
        const decoded = await model.decode(latents, 3);
        await model.release();
        return [...decoded];
      }),
    );
    await rm(root, { recursive: true });
    expect(pictures[1]).toEqual(pictures[0]);
    expect(new Set(pictures[0]).size).toBeGreaterThan(20);
  });
});
