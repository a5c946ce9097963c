/** Sources that the diffusion model makes: what their conditions are, where their steps are steered to, checked by hand and on small networks. */
import {
  Graph,
  Random,
  exposeTaps,
  float32Data,
  float32Tensor,
  linear,
  logSumExp,
  reshape,
  sizeOf,
  uint8Tensor,
  type Tensor,
  type Value,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { TrainingContext } from "../../nn/context.js";
import { networks } from "../../nn/networks/index.js";
import { loadConfiguration } from "../../pipeline/configuration/index.js";
import { buildClassifier, type ClassifierModel } from "../../training/model.js";
import { testEngine } from "../../testing/engine.js";
import { smallOptions } from "../../testing/smallNetworks.js";
import { latentChannels } from "../diffusion/autoEncoder.js";
import { mapRows, rowsNamed } from "../rowGraphs.js";
import type { LatentDiffusion } from "../diffusion/model.js";
import type { Steer } from "../samplers/drive.js";
import { noiseSchedule } from "../samplers/schedule.js";
import { decodedBy, logitsOfFeatures, teacherOnDecoded } from "../teacherGraphs.js";
import { betweenRows } from "./between.js";
import { crossingBoundary, crossingStep } from "./crossing.js";
import { steerToUnknown } from "./guided.js";
import { fartherRows } from "./latentsFar.js";
import { steerRegion } from "./nuisance.js";
import { ofAnotherClass } from "./pick.js";

const near = (values: readonly number[]): unknown[] =>
  values.map((value): unknown => expect.closeTo(value, 4));

/** Runs a graph function of tensors. */
async function compute(
  inputs: Readonly<Record<string, Tensor>>,
  build: (values: Readonly<Record<string, Value>>) => Readonly<Record<string, Value>>,
): Promise<Record<string, Float32Array>> {
  const graph = new Graph();
  const values = Object.entries(inputs).map(([name, { dtype, shape }]) => [
    name,
    graph.input(name, { dtype, shape }),
  ]);
  for (const [name, value] of Object.entries(build(Object.fromEntries(values)))) graph.output(name, value);
  const session = await testEngine.compile(graph);
  try {
    const found = await session.run(inputs);
    return Object.fromEntries(Object.entries(found).map(([name, tensor]) => [name, float32Data(tensor)]));
  } finally {
    await session.release();
  }
}

/** A model for sources that do not ask it. */
const neverAsked: LatentDiffusion = {
  latentShape: [1, 1, 1],
  imageSize: 16,
  embeddingDimension: 1,
  stateShape: [1, 1],
  latentScale: 1,
  schedule: noiseSchedule(),
  prediction: "epsilon",
  denoiserBatch: 2,
  encode: () => Promise.reject(new Error("not asked for")),
  decode: () => Promise.reject(new Error("not asked for")),
  decoderGraph: () => Promise.reject(new Error("not asked for")),
  condition: () => Promise.reject(new Error("not asked for")),
  predict: () => Promise.reject(new Error("not asked for")),
  release: () => Promise.resolve(),
};

/** A teacher of random weights on pictures of 16 pixels. */
function smallTeacher(): ClassifierModel {
  const network = networks.find("resnetSmall");
  const options = { ...smallOptions(network), classes: 3, imageSize: 16 };
  const context = new TrainingContext(new Graph());
  network.build(context, context.graph.input("x", { dtype: "float32", shape: [1, 3, 16, 16] }), options);
  const random = new Random(5, "teacher");
  const parameters = new Map(
    context.specs.map(({ name, shape }) => {
      const fan = Math.max(1, sizeOf(shape.slice(1)));
      const values = random.derive(name).normals(0, sizeOf(shape));
      // scales and variances are positive
      const numbers =
        shape.length === 1 ? values.map((v) => 1 + 0.1 * v) : values.map((v) => v / Math.sqrt(fan));
      return [name, float32Tensor(shape, numbers)];
    }),
  );
  return {
    network: { id: network.id, options },
    parameters,
    normalisation: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.25] },
  };
}

describe("embeddings", () => {
  it("lie as many times farther from their anchor, as a tangent, and no farther than a right angle", async () => {
    const angle = Math.atan(0.5);
    const outliers = Float32Array.of(2 * Math.cos(angle), 2 * Math.sin(angle), 0, -1, 0.1, 0);
    const anchors = Float32Array.of(5, 0, 0, 1, 0, 0);
    const moved = await mapRows(
      testEngine,
      { outliers: { values: outliers, width: 3 }, anchors: { values: anchors, width: 3 } },
      (rows) => fartherRows(rowsNamed(rows, "outliers"), rowsNamed(rows, "anchors"), 3),
    );
    const far = Math.atan(1.5);
    expect([...moved]).toEqual(near([Math.cos(far), Math.sin(far), 0, 0, 1, 0]));
  });

  it("between two have the same cosine to both, and the first one's length", async () => {
    const [a, b] = [Float32Array.of(0, 2, 0), Float32Array.of(3, 0, 0)];
    const sum = await mapRows(
      testEngine,
      { first: { values: a, width: 3 }, second: { values: b, width: 3 } },
      (rows) => betweenRows(rowsNamed(rows, "first"), rowsNamed(rows, "second")),
    );
    expect([...sum]).toEqual(near([Math.SQRT2, Math.SQRT2, 0]));
  });

  it("step up the loss of their class by a fixed angle, at their length, and say how far across they are", async () => {
    // two classes whose logits are the two numbers: the gradient points along (-1, 1)
    const found = await compute(
      { features: float32Tensor([1, 2], [3, 0]), labels: float32Tensor([1, 1], [0]) },
      ({ features, labels }) => {
        if (!features || !labels) throw new Error("no inputs");
        const identity = features.graph.constant(float32Tensor([2, 2], [1, 0, 0, 1]));
        return { ...crossingStep(features, labels, 0.2, (z) => linear(z, identity)) };
      },
    );
    const moved = [3 - 0.6 * Math.SQRT1_2, 0.6 * Math.SQRT1_2];
    const length = Math.hypot(...moved);
    expect([...(found["next"] ?? [])]).toEqual(near(moved.map((v) => (3 * v) / length)));
    expect([...(found["margin"] ?? [])]).toEqual(near([-3]));
    expect([...(found["towards"] ?? [])]).toEqual([0]);
  });

  it("of another class are drawn by position alone", () => {
    const set = { labels: [0, 0, 1, 2, 1] };
    const labels = [0, 1, 2, 0, 1, 2, 0, 1];
    const drawn = ofAnotherClass(labels, set, 3, "test");
    drawn.forEach((row, i) => expect(set.labels[row]).not.toBe(labels[i]));
    expect([...ofAnotherClass(labels.slice(0, 5), set, 3, "test")]).toEqual([...drawn.subarray(0, 5)]);
    expect([...ofAnotherClass(labels, set, 4, "test")]).not.toEqual([...drawn]);
    expect([...ofAnotherClass([0, 0], { labels: [0] }, 3, "test")]).toEqual([0, 0]);
  });
});

describe("crossing", () => {
  const teacher = smallTeacher();

  it("asks the teacher's own head: its logits of features are those of the pictures", async () => {
    const pixels = Uint8Array.from(new Random(1, "pixels").uniforms(0, 2 * 768), (u) => 255 * u);
    const session = await testEngine.compile(exposeTaps(buildClassifier(teacher, 2), ["logits", "features"]));
    const { logits, features } = await session.run({ images: uint8Tensor([2, 3, 16, 16], pixels) });
    await session.release();
    if (!logits || !features) throw new Error("no outputs");
    const found = await compute({ features }, ({ features: given }) =>
      given ? { logits: logitsOfFeatures(given, teacher, "test") } : {},
    );
    expect([...(found["logits"] ?? [])]).toEqual(near([...float32Data(logits)]));
  });

  it("takes the embeddings that cross soonest, just across", async () => {
    const width = networks.find(teacher.network.id).featureDim(teacher.network.options);
    const count = 60;
    const features = new Random(2, "features").uniforms(0, count * width);
    const logitsOf = async (values: Float32Array, rows: number): Promise<Float32Array> => {
      const found = await compute({ z: float32Tensor([rows, width], values) }, ({ z }) =>
        z ? { logits: logitsOfFeatures(z, teacher, "test") } : {},
      );
      return found["logits"] ?? new Float32Array();
    };
    const bestOf = (logits: Float32Array, row: number): number => {
      const own = [...logits.subarray(row * 3, (row + 1) * 3)];
      return own.indexOf(Math.max(...own));
    };
    const before = await logitsOf(features, count);
    // every class as the teacher sees it, but for one row that it has wrong from the start
    const labels = Int32Array.from({ length: count }, (_, row) => bestOf(before, row));
    labels[0] = ((labels[0] ?? 0) + 1) % 3;
    const course = await crossingBoundary.made?.course(
      {
        engine: testEngine,
        teacher,
        known: { embeddings: features, dimension: width, labels, classes: 3, pictures: [] },
        features: () => Promise.resolve(features),
        toConditions: (found) => Promise.resolve(found),
        count: 40,
        seed: 1,
        onProgress: () => undefined,
        boundary: () => Promise.reject(new Error("not asked for")),
        images: { count: 0, height: 16, read: () => new Uint8Array() },
        model: neverAsked,
      },
      { crossing: { step: 0.02, steps: 200, beyond: 1, share: 0.5 } },
    );
    if (!course) throw new Error("no course");
    const { embeddings, labels: kept } = course.conditions;
    const rows = kept.length;
    expect(rows).toBeGreaterThan(3);
    expect(rows).toBeLessThanOrEqual(Math.ceil(count / 2) + 1);
    const after = await logitsOf(embeddings, rows);
    for (let row = 0; row < rows; row++) {
      const best = bestOf(after, row);
      expect(best).not.toBe(kept[row]);
      // it stands a step or two past the boundary: the two classes are nearly as likely
      const own = after.subarray(row * 3, (row + 1) * 3);
      expect((own[best] ?? 0) - (own[kept[row] ?? 0] ?? 0)).toBeLessThan(1);
    }
    expect(course.chosen.length).toBe(40);
    course.others?.forEach((other, i) => expect(other).toBe(bestOf(after, course.chosen[i] ?? 0)));
  });

  it("says when none crosses", async () => {
    const width = networks.find(teacher.network.id).featureDim(teacher.network.options);
    const features = new Random(2, "features").uniforms(0, width);
    const { logits = new Float32Array() } = await compute(
      { z: float32Tensor([1, width], features) },
      ({ z }) => (z ? { logits: logitsOfFeatures(z, teacher, "test") } : {}),
    );
    const labels = Int32Array.of([...logits].indexOf(Math.max(...logits)));
    const request = {
      engine: testEngine,
      teacher,
      known: { embeddings: features, dimension: width, labels, classes: 3, pictures: [0] },
      features: () => Promise.resolve(features),
      toConditions: (found: Float32Array) => Promise.resolve(found),
      count: 4,
      seed: 1,
      onProgress: () => undefined,
      boundary: () => Promise.reject(new Error("not asked for")),
      images: { count: 0, height: 16, read: () => new Uint8Array() },
      model: neverAsked,
    };
    await expect(
      crossingBoundary.made?.course(request, { crossing: { step: 1e-6, steps: 1 } }),
    ).rejects.toMatchObject({ code: "OAL-D189" });
  });
});

/** What a steering makes of two predictions of the noise. */
async function steered(
  steer: Steer,
  guidance: number,
  given: Readonly<Record<"latent" | "conditional" | "unconditional", Tensor>>,
  level: number,
): Promise<number[]> {
  const found = await compute({ ...given, level: float32Tensor([], [level]) }, (values) => {
    const { latent, conditional, unconditional, level: alphaBar } = values;
    if (!latent || !conditional || !unconditional || !alphaBar) throw new Error("no inputs");
    const noiseOf = (output: Value): Value => output;
    return { noise: steer({ latent, conditional, unconditional, level: alphaBar, noiseOf }, guidance) };
  });
  return [...(found["noise"] ?? [])];
}

describe("nuisance", () => {
  it("guides away at the pixels where the predictions differ most, and leaves the others as they were", async () => {
    const shape = [1, 2, 2, 2];
    const [own, other] = [
      [0, 0, 0, 0, 1, 1, 1, 1],
      [1, -3, 0, 0.5, 1, 2, 1.1, -4],
    ];
    const latent = float32Tensor(shape, new Float32Array(8));
    const given = {
      latent,
      conditional: float32Tensor(shape, other),
      unconditional: float32Tensor(shape, own),
    };
    // mean absolute differences: 0.5, 2, 0.05, 2.75
    expect(await steered(steerRegion(0.5), 3, given, 0.5)).toEqual(near([0, -9, 0, 1.5, 1, 4, 1, -14]));
    expect(await steered(steerRegion(0.01), 1, given, 0.5)).toEqual(near([0, 0, 0, 0.5, 1, 1, 1, -4]));
  });
});

describe("guided", () => {
  const teacher = smallTeacher();
  const latentScale = 2;
  const shape = [2, latentChannels, 4, 4];
  /** Latents to pictures by one matrix. */
  function tinyDecoder(): Graph {
    const graph = new Graph();
    const latents = graph.input("latent_sample", { dtype: "float32", shape });
    const weight = graph.constant(
      float32Tensor(
        [768, 64],
        new Random(4, "decoder").normals(0, 768 * 64).map((v) => 0.05 * v),
      ),
    );
    graph.output("sample", reshape(linear(reshape(latents, [2, 64]), weight), [2, 3, 16, 16]));
    return graph;
  }
  const noise = new Random(6, "noise").normals(0, 128);
  const latent = float32Tensor(shape, new Random(7, "latent").normals(0, 128));
  const prediction = float32Tensor(shape, noise);
  const given = { latent, conditional: prediction, unconditional: prediction };
  const level = 0.36;
  const width = networks.find(teacher.network.id).featureDim(teacher.network.options);
  const known = new Random(8, "known").uniforms(0, 6 * width);
  const unit = (row: Float32Array): number[] => [...row].map((v) => v / Math.hypot(...row));
  const unitKnown = Float32Array.from(
    Array.from({ length: 6 }, (_, i) => unit(known.subarray(i * width, (i + 1) * width))).flat(),
  );
  const guide = (energy: number, distance: number) =>
    steerToUnknown({
      teacher,
      decoder: tinyDecoder(),
      latentScale,
      known: unitKnown,
      options: { energy, distance, neighbour: 2 },
    });

  /** Log-partition and cosine to the second nearest known feature, at the clean estimate that a noise gives. */
  async function scores(of: readonly number[]): Promise<{ energy: number[]; nearness: number[] }> {
    const clean = Array.from(
      float32Data(latent),
      (x, i) => (x - Math.sqrt(1 - level) * (of[i] ?? 0)) / Math.sqrt(level) / latentScale,
    );
    const found = await compute({ clean: float32Tensor(shape, clean) }, ({ clean: estimate }) => {
      if (!estimate) throw new Error("no input");
      const { logits, features } = teacherOnDecoded(decodedBy(estimate, tinyDecoder()), teacher, "test");
      return { energy: logSumExp(logits, [1]), features };
    });
    const features = found["features"] ?? new Float32Array();
    const nearness = [0, 1].map((row) => {
      const own = unit(features.subarray(row * width, (row + 1) * width));
      const cosines = Array.from({ length: 6 }, (_, i) =>
        own.reduce((sum, v, d) => sum + v * (unitKnown[i * width + d] ?? 0), 0),
      );
      return cosines.sort((a, b) => b - a)[1] ?? 0;
    });
    return { energy: [...(found["energy"] ?? [])], nearness };
  }

  it.each(["energy", "nearness"] as const)(
    "lowers the %s of the clean estimate, by a step of the noise's length",
    async (what) => {
      const weight = 0.01;
      const steer = what === "energy" ? guide(weight, 0) : guide(0, weight);
      const after = await steered(steer, 1, given, level);
      for (const row of [0, 1]) {
        const part = [...noise.subarray(row * 64, (row + 1) * 64)];
        const change = part.map((v, i) => (after[row * 64 + i] ?? 0) - v);
        expect(Math.hypot(...change)).toBeCloseTo(weight * 0.8 * Math.hypot(...part), 4);
      }
      const [before, later] = [await scores([...noise]), await scores(after)];
      for (const row of [0, 1]) expect(later[what][row]).toBeLessThan(before[what][row] ?? 0);
    },
  );

  it("without weights is guidance as usual", async () => {
    expect(await steered(guide(0, 0), 1, given, level)).toEqual(near([...noise]));
  });
});

it.each([
  ["sdedit", "synthesis.space=latent", /makes none/],
  ["guided", "synthesis.model=somewhere", /gradients through the decoder/],
  ["latents-far", "boundary.standIn=gaussian", /sampled around/],
])("source %s is refused with %s, before anything is made", (source, setting, reason) => {
  const load = (...set: string[]) =>
    loadConfiguration("embedded", { set: [`exposure.outliers=${source}`, ...set] });
  expect(load().exposure).toMatchObject({ outliers: source });
  expect(() => load(setting)).toThrow(reason);
});
