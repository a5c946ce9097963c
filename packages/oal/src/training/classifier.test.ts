/** What the classifier task puts into a batch: which rows of the side data go with which image, and when outliers count. */
import { Graph, memoryRows, Random, reduceSum, slice, type Tensor, type Value } from "oal-core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { memoryImageSet } from "../data/imageSet.js";
import { TrainingContext } from "../nn/context.js";
import { networks } from "../nn/networks/index.js";
import { initializeParameters } from "../nn/parameters.js";
import { classifierTask } from "./classifier.js";
import { defineMethod } from "./methods/method.js";
import { Predictor } from "./predict.js";
import { recipes } from "./recipes/index.js";
import { methodsOf } from "./recipes/recipe.js";
import {
  exposureGate,
  outlierCount as countOf,
  outlierSideData,
  type OutlierPictures,
} from "./side/outliers.js";
import { rowsInPairs, rowsOfImages, type LabelledRows } from "./side/rows.js";
import type { SideData } from "./side/sideData.js";
import { teacherInside } from "./side/teacher.js";
import { train } from "./trainer.js";
import { testEngine } from "../testing/engine.js";

const classes = 3;
const count = 12;
const side = 4;

/** Images whose every pixel is the image's number. */
const images = memoryImageSet(
  "numbers",
  Uint8Array.from({ length: count * 3 * side * side }, (_, i) => Math.floor(i / (3 * side * side))),
  Int32Array.from({ length: count }, (_, i) => i % classes),
  ["a", "b", "c"],
);

/** Rows of two numbers: the row's own number and its label. */
const table = (rows: number): LabelledRows => ({
  rows: memoryRows(
    Float32Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? i / 2 : (i >> 1) % classes)),
    2,
  ),
  labels: Int32Array.from({ length: rows }, (_, i) => i % classes),
});

const outlierCount = 8;
const outliers = memoryImageSet(
  "outliers",
  Uint8Array.from(
    { length: outlierCount * 3 * side * side },
    (_, i) => 100 + Math.floor(i / (3 * side * side)),
  ),
  new Int32Array(outlierCount).fill(-1),
  ["a", "b", "c"],
);

/** A set as outlier pictures. */
const picturesOf = (set: typeof images, teacherLogits: Float32Array): OutlierPictures => ({
  count: set.count,
  pictures: (rows) => set.read(rows),
  teacherLogits,
});

interface Choices {
  readonly pairing?: "class" | "random";
  readonly fraction?: number;
  readonly start?: number;
}

function batches(steps: number, choices: Choices = {}): Record<string, Tensor>[] {
  const { pairing = "class", fraction = 0.5, start = 0 } = choices;
  const augmentation = { flip: "none" } as const;
  const shared = { seed: 2, batchSize: 6, augmentation };
  const logits = (rows: number) => Float32Array.from({ length: rows * classes }, (_, i) => i);
  const pairs = { ...shared, labels: images.labels, pairing };
  const task = classifierTask(
    {
      ...shared,
      network: { id: "resnetSmall", options: { classes, imageSize: side, width: 4, blocks: 1 } },
      normalisation: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
      methods: methodsOf(recipes.find("oal")),
      settings: { exposure: { distillWeight: 1 } },
    },
    images,
    [
      rowsOfImages("teacherLogits", memoryRows(logits(count), classes), 6),
      rowsOfImages(
        "teacherFeatures",
        memoryRows(
          logits(count)
            .subarray(0, 2 * count)
            .map((value) => -value),
          2,
        ),
        6,
      ),
      rowsInPairs("outlierEmbeddings", table(30), pairs),
      rowsInPairs("outlierLatents", table(30), pairs),
      ...outlierSideData(picturesOf(outliers, logits(outlierCount)), {
        ...shared,
        classes,
        imageSize: side,
        fraction,
      }),
      exposureGate(steps, start),
    ],
  );
  return Array.from({ length: steps }, (_, step) => task.batch(step));
}

const values = (batch: Record<string, Tensor>, name: string): number[] =>
  Array.from(batch[name]?.data ?? [], Number);

/** The image behind each row of a batch, read from its pixels. */
const shown = (batch: Record<string, Tensor>, name = "images"): number[] =>
  values(batch, name).filter((_, i) => i % (3 * side * side) === 0);

/** [label of the image, label of the row it was given, the row] of every image of some batches. */
function pairs(name: string, pairing: "class" | "random"): [number, number, number][] {
  return batches(40, { pairing }).flatMap((batch) =>
    shown(batch).map((image, row): [number, number, number] => [
      image % classes,
      values(batch, name)[2 * row + 1] ?? -1,
      values(batch, name)[2 * row] ?? -1,
    ]),
  );
}

describe("a classifier's batch", () => {
  it("has a label of one for the class of each image and the teacher's row of that very image", () => {
    for (const batch of batches(6)) {
      const numbers = shown(batch);
      expect(new Set(numbers).size).toBe(6);
      expect(values(batch, "labels")).toEqual(
        numbers.flatMap((image) => [0, 1, 2].map((c) => (c === image % classes ? 1 : 0))),
      );
      expect(values(batch, "teacherLogits")).toEqual(
        numbers.flatMap((image) => [0, 1, 2].map((c) => image * classes + c)),
      );
      expect(values(batch, "teacherFeatures")).toEqual(
        numbers.flatMap((image) => [-2 * image, -2 * image - 1]),
      );
    }
  });

  it.each(["outlierEmbeddings", "outlierLatents"])("pairs %s of the image's own class, or of any", (name) => {
    const own = pairs(name, "class");
    for (const [label, drawn] of own) expect(drawn).toBe(label);
    // All ten rows of a class come up: 80 draws miss one of them with probability below 0.003, and the seed is fixed.
    for (const c of [0, 1, 2])
      expect(new Set(own.filter(([label]) => label === c).map(([, , row]) => row)).size).toBe(10);
    const any = pairs(name, "random");
    const seen = new Set(any.map(([label, drawn]) => `${label}-${drawn}`));
    expect(seen.size).toBe(classes * classes);
    expect(new Set(any.map(([, , row]) => row)).size).toBe(30);
    const same = any.filter(([label, drawn]) => label === drawn).length / any.length;
    expect(Math.abs(same - 1 / classes)).toBeLessThan(0.1);
  });

  it("draws embeddings and latents independently of each other and anew in every step", () => {
    const [first, second] = [pairs("outlierEmbeddings", "random"), pairs("outlierLatents", "random")];
    const rows = (drawn: readonly (readonly number[])[]): (number | undefined)[] =>
      drawn.map((row) => row[2]);
    expect(rows(first)).not.toEqual(rows(second));
    expect(rows(first.slice(0, 6))).not.toEqual(rows(first.slice(6, 12)));
  });

  it("shows as many decoded outliers as asked, with the teacher's logits on those very pictures", () => {
    for (const [fraction, wanted] of [
      [0.5, 3],
      [0.01, 1],
      [1, 6],
    ] as const) {
      for (const batch of batches(3, { fraction })) {
        const numbers = shown(batch, "outlierImages").map((value) => value - 100);
        expect(numbers).toHaveLength(wanted);
        expect(values(batch, "outlierTeacherLogits")).toEqual(
          numbers.flatMap((image) => [0, 1, 2].map((c) => image * classes + c)),
        );
      }
    }
  });

  it("counts outliers in blocks of 16 beside such a batch, and as asked elsewhere", () => {
    const count = (batch: number) => (fraction: number) => countOf(batch, fraction);
    expect([0.01, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 4].map(count(512))).toEqual([
      5, 15, 32, 48, 128, 256, 512, 2048,
    ]);
    expect([0.1, 0.25, 0.5].map(count(128))).toEqual([13, 32, 64]);
    expect([0.1, 0.25, 0.5].map(count(100))).toEqual([10, 25, 50]);
    expect(countOf(6, 0.01)).toBe(1);
  });

  it("opens the gate of outliers at its share of the steps", () => {
    const gates = (start: number): number[] =>
      batches(8, { start }).flatMap((batch) => values(batch, "exposureGate"));
    expect(gates(0.5)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(gates(0)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });
});

describe("a classifier's step", () => {
  /** The sum of what a network says first of each picture. */
  const first = (value: Value): Value => reduceSum(slice(value, [0, 0], [1, 1], [0, 1]), [0, 1]);
  /** A method that tells the first logit of the images, and of the outliers or the teacher. */
  const spy = (need: "outlierImages" | "teacherLogits") =>
    defineMethod({
      id: "spy",
      title: "spy",
      source: "this test",
      section: "spy",
      schema: z.strictObject({}),
      terms: {
        image: { title: "of the image", weight: 1 },
        outlier: { title: "of the outlier", weight: 1 },
        teacher: { title: "of the teacher", weight: 1 },
      },
      needs: () => [need],
      shows: () => (need === "outlierImages" ? [need] : []),
      build: ({ logits, shown, side: data }) => ({
        image: first(logits),
        ...(need === "outlierImages"
          ? { outlier: first(shown(need).logits) }
          : { teacher: first(data(need)) }),
      }),
    });
  const big = 16;
  /** Six equal pictures of one of two patterns. */
  const six = (pattern: number) => {
    const picture = Uint8Array.from(
      new Random(pattern, "pattern").uniforms(0, 3 * big * big),
      (u) => u * 256,
    );
    const pixels = new Uint8Array(6 * picture.length);
    for (let i = 0; i < 6; i++) pixels.set(picture, i * picture.length);
    return memoryImageSet(`pattern ${pattern}`, pixels, new Int32Array(6), ["a", "b", "c"]);
  };
  const network = { id: "resnetSmall", options: { classes, imageSize: big, width: 4, blocks: 1 } };
  const normalisation = { mean: [0.2, 0.5, 0.7], std: [0.3, 0.2, 0.4] } as const;

  async function told(
    need: "outlierImages" | "teacherLogits",
    pattern: number,
    data: readonly SideData[],
  ): Promise<Readonly<Record<string, number>>> {
    const task = classifierTask(
      {
        seed: 2,
        network,
        batchSize: 3,
        normalisation,
        augmentation: { flip: "none" },
        methods: [{ method: spy(need), weight: 1 }],
        settings: {},
      },
      six(pattern),
      data,
    );
    let terms: Readonly<Record<string, number>> = {};
    await train(
      testEngine,
      task,
      {
        name: "spy",
        seed: 1,
        steps: 1,
        optimizer: { id: "sgd", momentum: 0, nesterov: false },
        schedule: { id: "constant", rate: 0, warmup: 0 },
      },
      (event) => (terms = event.terms ?? terms),
    );
    return terms;
  }

  it("gives methods the logits of images and of outliers, each of its own pictures", async () => {
    const outliersOf = (pattern: number) =>
      outlierSideData(picturesOf(six(pattern), new Float32Array(6 * classes)), {
        seed: 2,
        batchSize: 3,
        classes,
        imageSize: big,
        augmentation: { flip: "none" },
        fraction: 1,
      });
    const same = await told("outlierImages", 1, outliersOf(1));
    expect(same["outlier"]).toBeCloseTo(same["image"] ?? NaN, 5);
    const mixed = await told("outlierImages", 1, outliersOf(2));
    const exchanged = await told("outlierImages", 2, outliersOf(1));
    expect(mixed["outlier"]).not.toBeCloseTo(mixed["image"] ?? NaN, 3);
    expect(mixed["image"]).toBeCloseTo(exchanged["outlier"] ?? NaN, 4);
    expect(mixed["outlier"]).toBeCloseTo(exchanged["image"] ?? NaN, 4);
  });

  it("shows a teacher inside the step the same normalised pictures", async () => {
    const context = new TrainingContext(new Graph());
    const shape = [2, 3, big, big];
    networks
      .find(network.id)
      .build(context, context.graph.input("x", { dtype: "float32", shape }), network.options);
    const parameters = initializeParameters(context.specs, 9);
    const terms = await told("teacherLogits", 1, [
      teacherInside(
        { network, parameters, normalisation },
        { logits: "teacherLogits", features: "teacherFeatures" },
        { pictures: null, normalisation },
      ),
    ]);
    const predictor = await Predictor.create(
      testEngine,
      { network, parameters, normalisation },
      { batchSize: 1 },
    );
    const { logits } = await predictor.predict(six(1));
    await predictor.release();
    expect(terms["teacher"]).toBeCloseTo(logits[0] ?? NaN, 4);
  });
});
