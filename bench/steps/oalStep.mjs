// The step of outlier-aware learning with the settings of the preset cifar10-small, made as a run makes it, and what arithmetic says of it.
import { Graph, memoryRows, Random } from "../../packages/core/dist/index.js";
import { TrainingContext } from "../../packages/oal/dist/nn/context.js";
import { networks } from "../../packages/oal/dist/nn/networks/index.js";
import { initializeParameters } from "../../packages/oal/dist/nn/parameters.js";
import { presets } from "../../packages/oal/dist/pipeline/configuration/presets.js";
import { methodsOf } from "../../packages/oal/dist/training/recipes/recipe.js";
import { recipes } from "../../packages/oal/dist/training/recipes/index.js";
import {
  exposureGate,
  outlierCount,
  outlierSideData,
} from "../../packages/oal/dist/training/side/outliers.js";
import { rowsInPairs, rowsOfImages } from "../../packages/oal/dist/training/side/rows.js";
import { teacherInside } from "../../packages/oal/dist/training/side/teacher.js";
import { classifierTaskOf, normalisation, randomSet, sgdTraining } from "./classifierStep.mjs";
import { ourStep } from "./trainingStep.mjs";

const preset = presets.get("cifar10-small").configuration;
const imageSize = 32;
const classes = 10;

/** The teacher's network with drawn weights. */
function teacherOf(widths) {
  const options = { classes, imageSize, activation: "gelu", widths };
  const context = new TrainingContext(new Graph());
  const x = context.graph.input("x", { dtype: "float32", shape: [1, 3, imageSize, imageSize] });
  networks.find("airbench").build(context, x, options);
  return {
    network: { id: "airbench", options: options },
    parameters: initializeParameters(context.specs, 2),
    normalisation,
  };
}

/** The side data of a step: random numbers of the right sizes. */
function sideData({ batch, fraction, teacherWidths, pooled }, teacherInStep, pictures) {
  const random = new Random(3, "bench/side");
  const outliers = outlierCount(batch, fraction);
  const width = teacherWidths.at(-1);
  const labels = Int32Array.from({ length: 200 }, (_, i) => i % classes);
  const pairing = { seed: 0, batchSize: batch, labels: pictures.labels, pairing: "class" };
  const drawn = randomSet(outliers);
  const teacherNames = { logits: "teacherLogits", features: "teacherFeatures" };
  return [
    ...(teacherInStep
      ? [teacherInside(teacherOf(teacherWidths), teacherNames, { pictures: null, normalisation })]
      : [
          rowsOfImages(
            "teacherLogits",
            memoryRows(random.normals(0, pictures.count * classes), classes),
            batch,
          ),
        ]),
    rowsInPairs(
      "outlierEmbeddings",
      { rows: memoryRows(random.normals(1, 200 * width), width), labels },
      pairing,
    ),
    rowsInPairs(
      "outlierLatents",
      { rows: memoryRows(random.normals(2, 200 * pooled), pooled), labels },
      pairing,
    ),
    ...outlierSideData(
      {
        count: drawn.count,
        pictures: (rows) => drawn.read(rows),
        teacherLogits: random.normals(3, drawn.count * classes),
      },
      {
        seed: 0,
        batchSize: batch,
        classes,
        imageSize,
        augmentation: { flip: "none" },
        fraction,
      },
    ),
    exposureGate(10, 0),
  ];
}

/** Our contestant with a recipe. @param more settings of methods in place of the preset's */
export function recipeStep(id, { teacherInStep = false, more = {} } = {}) {
  return async (settings) => {
    const pictures = randomSet(settings.batch);
    const { batch, fraction, studentWidths } = settings;
    const kd = { ...preset.kd, teacherView: teacherInStep ? "same" : "clean" };
    const own = { kd, exposure: { ...preset.exposure, fraction }, ...more };
    const isPlain = id === "ce";
    const task = classifierTaskOf(
      { network: "airbench", options: { widths: studentWidths, activation: "gelu" }, batch },
      { methods: methodsOf(recipes.find(id)), settings: isPlain ? {} : own },
      isPlain ? [] : sideData(settings, teacherInStep, pictures),
      pictures,
    );
    const { check: _check, ...contestant } = await ourStep(task, sgdTraining, settings);
    return contestant;
  };
}

/** Our contestant with cross-entropy and an exposure to so many outliers, nothing else. @param exposure options of the section */
export function exposureStep(exposure) {
  return async (settings) => {
    const pictures = randomSet(settings.batch);
    const { batch, widths } = settings;
    const { fraction } = exposure;
    const drawn = randomSet(outlierCount(batch, fraction));
    const methods = [{ method: "crossEntropy" }, { method: "exposure" }];
    const task = classifierTaskOf(
      { network: "airbench", options: { widths, activation: "gelu" }, batch },
      {
        methods: methodsOf({ id: "exposed", title: "cross-entropy and an exposure", methods }),
        settings: { exposure: { uniformWeight: 0, distillWeight: 0, ...exposure } },
      },
      [
        ...outlierSideData(
          { count: drawn.count, pictures: (rows) => drawn.read(rows) },
          { seed: 0, batchSize: batch, classes, imageSize, augmentation: { flip: "none" }, fraction },
        ),
        exposureGate(10, 0),
      ],
      pictures,
    );
    const { check: _check, ...contestant } = await ourStep(task, sgdTraining, settings);
    return contestant;
  };
}

/** Multiplications of one picture's way through airbench: its convolutions (those of the map that a pool drops not counted). */
function multiplications(widths) {
  let side = imageSize - 1;
  let sum = side * side * 24 * 3 * 4;
  let inputs = 24;
  for (const width of widths) {
    const pooled = Math.floor(side / 2);
    sum += (2 * pooled) ** 2 * width * inputs * 9 + pooled ** 2 * width * width * 9;
    [side, inputs] = [pooled, width];
  }
  return sum;
}

/** The step's cost over that of cross-entropy by its convolutions: outliers pass like images, a teacher forwards only. */
export function arithmetic({ fraction, studentWidths, teacherWidths }, teacherInStep) {
  const teacher = teacherInStep ? multiplications(teacherWidths) / (3 * multiplications(studentWidths)) : 0;
  return 1 + fraction + teacher;
}
