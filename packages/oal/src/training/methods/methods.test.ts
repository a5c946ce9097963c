import { float32Data, Graph, memoryRows, Random } from "oal-core";
import { describe, expect, it } from "vitest";
import { memoryImageSet, type ImageSet } from "../../data/imageSet.js";
import { TrainingContext } from "../../nn/context.js";
import { initializeParameters } from "../../nn/parameters.js";
import { networks } from "../../nn/networks/index.js";
import { classifierTask, type ClassifierOptions } from "../classifier.js";
import { networkPrefix } from "../network.js";
import type { TrainingOptions } from "../options.js";
import { recipes } from "../recipes/index.js";
import { methodsOf } from "../recipes/recipe.js";
import { exposureGate, outlierSideData } from "../side/outliers.js";
import { rowsInPairs, type LabelledRows } from "../side/rows.js";
import type { SideData } from "../side/sideData.js";
import { teacherInside } from "../side/teacher.js";
import { train, type TrainingEvent } from "../trainer.js";
import type { MethodSettings } from "./method.js";
import { testEngine } from "../../testing/engine.js";

const classes = 3;
const side = 16;
const network = { id: "resnetSmall", options: { classes, imageSize: side, width: 4, blocks: 1 } };
const random = new Random(11, "test/methods");

function noise(name: string, count: number, label: (i: number) => number): ImageSet {
  const uniforms = random.derive(name).uniforms(0, count * 3 * side * side);
  return memoryImageSet(
    name,
    Uint8Array.from(uniforms, (u) => u * 256),
    Int32Array.from({ length: count }, (_, i) => label(i)),
    ["a", "b", "c"],
  );
}

const rows = (name: string, width: number): LabelledRows => ({
  rows: memoryRows(random.derive(name).normals(0, 9 * width), width),
  labels: Int32Array.from({ length: 9 }, (_, i) => i % classes),
});

const teacherParameters = (() => {
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const images = graph.input("x", { dtype: "float32", shape: [2, 3, side, side] });
  networks.find(network.id).build(context, images, network.options);
  return initializeParameters(context.specs, 1);
})();

const shared = { seed: 1, batchSize: 6, augmentation: { flip: "none" } } as const;
const trainingLabels = Int32Array.from({ length: 12 }, (_, i) => i % classes);

const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;

function sideData(start: number): SideData[] {
  const pairing = { ...shared, labels: trainingLabels, pairing: "class" } as const;
  const outliers = noise("outliers", 10, () => -1);
  const pictures = {
    count: outliers.count,
    pictures: (indices: ArrayLike<number>) => outliers.read(indices),
    teacherLogits: random.derive("logits").normals(0, 10 * classes),
  };
  return [
    teacherInside(
      { network, parameters: teacherParameters, normalisation },
      { logits: "teacherLogits", features: "teacherFeatures" },
      { pictures: null, normalisation },
    ),
    rowsInPairs("outlierEmbeddings", rows("embeddings", 16), pairing),
    rowsInPairs("outlierLatents", rows("latents", 32), pairing),
    ...outlierSideData(pictures, {
      ...shared,
      classes,
      imageSize: side,
      fraction: 0.5,
    }),
    exposureGate(training.steps, start),
  ];
}

const training: TrainingOptions = {
  name: "student",
  seed: 1,
  steps: 4,
  optimizer: { id: "sgd", momentum: 0.9, nesterov: true },
  schedule: { id: "constant", rate: 0.01, warmup: 0 },
  logEvery: 1,
};

/** The published weights of the bounds; small nets. */
const published = { embWeight: 0.1, latentWeight: 0.2, hidden: 16 };

/** The weights of the exposures, where a test gives none. */
const shown = { uniformWeight: 0.5, distillWeight: 1 };

function optionsOf(recipe: string, settings: MethodSettings = {}): ClassifierOptions {
  return {
    ...shared,
    network,
    normalisation,
    methods: methodsOf(recipes.find(recipe)),
    settings: { mi: published, exposure: shown, ...settings },
  };
}

async function trainWith(
  recipe: string,
  settings: MethodSettings = {},
  start = 0,
): Promise<{ events: TrainingEvent[]; weights: number[] }> {
  const events: TrainingEvent[] = [];
  const task = classifierTask(
    optionsOf(recipe, settings),
    noise("images", 12, (i) => i % classes),
    sideData(start),
  );
  const { parameters } = await train(testEngine, task, training, (event) => {
    if (event.kind === "loss") events.push(event);
  });
  const weights = [...parameters].filter(([name]) => name.startsWith(`${networkPrefix}.`));
  return { events, weights: weights.flatMap(([, tensor]) => [...float32Data(tensor)]) };
}

const namesOf = (events: readonly TrainingEvent[]): string[] => Object.keys(events[0]?.terms ?? {});

const oalTerms = [
  "total",
  "ce",
  "logitKd",
  "featureKd",
  "club",
  "clubBound",
  "clubLikelihood",
  "deepClub",
  "deepClubBound",
  "deepClubLikelihood",
  "exposureUniform",
  "outlierKd",
];

it("refuses labels that are no class of the network, before a step", () => {
  for (const wrong of [-1, classes, 255]) {
    const images = noise("odd", 4, (i) => (i === 2 ? wrong : 0));
    expect(() => classifierTask(optionsOf("ce"), images)).toThrow(/odd, odd\/2: label (-1|3|255)/);
  }
});

describe("training methods", () => {
  it("log every term of their loss, which adds up with its weights", async () => {
    expect(namesOf((await trainWith("ce")).events)).toEqual(["total", "ce"]);
    expect(namesOf((await trainWith("kd")).events)).toEqual(["total", "ce", "logitKd", "featureKd"]);
    const { events } = await trainWith("oal");
    expect(namesOf(events)).toEqual(expect.arrayContaining(oalTerms));
    for (const { terms = {} } of events) {
      const of = (name: string): number => terms[name] ?? Number.NaN;
      const kd = of("ce") + 4 * of("logitKd") + 8 * of("featureKd");
      const mi = 0.1 * of("club") + 0.2 * of("deepClub");
      expect(of("total")).toBeCloseTo(kd + mi + 0.5 * of("exposureUniform") + of("outlierKd"), 4);
      expect(of("club")).toBeCloseTo(Math.max(0, of("clubBound")), 6);
    }
  });

  it("leave out what a weight of zero switches off, and what it needs", async () => {
    const off = {
      kd: { logitsWeight: 0, featureWeight: 0 },
      mi: { measure: false },
      exposure: { uniformWeight: 0, energyWeight: 0, distillWeight: 0 },
    };
    const none = await trainWith("oal", off);
    expect(namesOf(none.events)).toEqual(["total", "ce"]);
    expect(none.weights).toEqual((await trainWith("ce")).weights);
    const energy = await trainWith("oal", { ...off, exposure: { ...off.exposure, energyWeight: 0.1 } });
    expect(namesOf(energy.events)).toEqual(["total", "ce", "exposureEnergy"]);
    expect(energy.weights).not.toEqual(none.weights);
  });

  it("measure a bound without a weight, and leave the student as it is", async () => {
    const unmeasured = await trainWith("oal", { mi: { measure: false } });
    const measured = await trainWith("oal", { mi: { measure: true } });
    const more = namesOf(measured.events).filter((name) => !namesOf(unmeasured.events).includes(name));
    const parts = ["Null", "Bound", "Likelihood"];
    expect(more).toEqual([...parts.map((part) => `club${part}`), ...parts.map((part) => `deepClub${part}`)]);
    const likelihoods = measured.events.map(({ terms }) => terms?.["clubLikelihood"] ?? Number.NaN);
    expect(likelihoods.at(-1)).toBeGreaterThan(likelihoods[0] ?? 0);
    expect(measured.weights).toEqual(unmeasured.weights);
  });

  it("show decoded outliers only from the configured step on", async () => {
    const { events } = await trainWith("oal", {}, 0.5);
    const excess = events.map(({ terms = {} }) => {
      const of = (name: string): number => terms[name] ?? Number.NaN;
      const kd = of("ce") + 4 * of("logitKd") + 8 * of("featureKd");
      return of("total") - kd - 0.1 * of("club") - 0.2 * of("deepClub");
    });
    expect(excess.map((value) => Math.abs(value) > 1e-3)).toEqual([false, false, true, true]);
  });

  it("fit q by its own steps: its likelihood rises, more steps raise it more, none leave it", async () => {
    const likelihoods = async (qSteps: number): Promise<number[]> => {
      const mi = { ...published, qSteps, qLr: 5e-3 };
      const { events } = await trainWith("oal", { mi });
      return events.map(({ terms }) => terms?.["clubLikelihood"] ?? Number.NaN);
    };
    const [three, ten] = [await likelihoods(3), await likelihoods(10)];
    expect(three.at(-1)).toBeGreaterThan(three[0] ?? 0);
    expect(ten.at(-1)).toBeGreaterThan(three.at(-1) ?? 0);
  });

  it("let q descend the value itself, uncut and beside the student, where that is asked", async () => {
    const mi = { ...published, learning: "value", qRate: 50, reduction: "sum" };
    const off = { uniformWeight: 0, energyWeight: 0, distillWeight: 0 };
    const { events } = await trainWith("oal", { mi, exposure: off });
    const names = namesOf(events);
    expect(names).toEqual(expect.arrayContaining(["club", "clubLikelihood", "deepClub"]));
    expect(names).not.toContain("clubBound");
    for (const { terms = {} } of events) {
      const of = (name: string): number => terms[name] ?? Number.NaN;
      const kd = of("ce") + 4 * of("logitKd") + 8 * of("featureKd");
      expect(of("total")).toBeCloseTo(kd + 0.1 * of("club") + 0.2 * of("deepClub"), 4);
    }
    const values = events.map(({ terms }) => terms?.["club"] ?? Number.NaN);
    expect(values.at(-1)).toBeLessThan(values[0] ?? 0);
    expect(values.at(-1)).toBeLessThan(0);
  });

  it("tell known samples from outliers by an energy, of features or of logits", async () => {
    const off = {
      mi: { measure: false },
      exposure: { uniformWeight: 0, energyWeight: 0, distillWeight: 0 },
    };
    for (const [energy, terms] of [
      [{ form: "features", embWeight: 2.5, latentWeight: 2.5 }, ["energyEmb", "energyLatent"]],
      [{ form: "logits", latentWeight: 2.5 }, ["energyLatent"]],
    ] as const) {
      const { events } = await trainWith("oal", { ...off, energy });
      expect(namesOf(events)).toEqual(["total", "ce", "logitKd", "featureKd", ...terms]);
      const values = events.map((event) => event.terms ?? {});
      for (const of of values) {
        const kd = (of["ce"] ?? NaN) + 4 * (of["logitKd"] ?? NaN) + 8 * (of["featureKd"] ?? NaN);
        const own = terms.reduce((sum, name) => sum + 2.5 * (of[name] ?? NaN), 0);
        expect(of["total"]).toBeCloseTo(kd + own, 3);
      }
      expect(values.at(-1)?.["energyLatent"]).toBeLessThan(values[0]?.["energyLatent"] ?? 0);
    }
  });
});
