/** Fits that follow the data: what is warned of, what is lowered, raised, tried instead, and refused. */
import { defineDetector, detectors, float32Tensor, list, oalError, Random, type Detector } from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { dataDefaults } from "./dataDefaults.js";
import { fitDetector, fitGround, isUnfit, type FitGround, type FitOutcome } from "./fit.js";
import { outputsInMemory, type OutputSet, type SetGroup } from "./index.js";
import { searchDetector, searchGrid } from "./search.js";

const [classes, width] = [3, 8];
const random = new Random(4, "data fits");
const head = {
  weight: float32Tensor([classes, width], random.normals(0, classes * width)),
  bias: float32Tensor([classes], random.normals(1, classes)),
};

interface Made {
  readonly group: SetGroup;
  readonly count: number;
  readonly step: number;
  readonly feature?: (z: number) => number;
  readonly label?: (i: number) => number;
  readonly wide?: number;
}

function made({ group, count, step, feature = Math.abs, label, wide = classes }: Made): OutputSet {
  return outputsInMemory(
    {
      name: `${group} ${step}`,
      group,
      labels: Int32Array.from({ length: count }, (_, i) => label?.(i) ?? i % classes),
      ids: Array.from({ length: count }, (_, i) => `${group}/${i}`),
      logits: random.normals(step, count * wide),
      features: random.normals(step + 1, count * width).map(feature),
    },
    { classes: wide, featureSize: width },
  );
}

const groundOf = (sets: readonly OutputSet[]): Promise<FitGround> =>
  fitGround(testEngine, sets, undefined, [], { head });
const fit = async (detector: Detector, sets: readonly OutputSet[], parameters = {}): Promise<FitOutcome> =>
  fitDetector({ detector, parameters }, await groundOf(sets));
const train = made({ group: "train", count: 90, step: 10 });

describe("features below 0", () => {
  const signed = made({ group: "train", count: 60, step: 20, feature: (z) => z });
  const known = made({ group: "validation", count: 60, step: 22, feature: (z) => z });

  it.each(["react", "ash_s", "scale", "vra", "dice", "gradnorm", "adascale_a"])(
    "are told to who uses %s",
    async (id) => {
      const { warnings } = await fit(detectors.find(id), [signed, known]);
      expect(warnings.join("\n")).toMatch(new RegExp(`${id}: (4\\d|5\\d) % of the features are below 0`));
    },
  );

  it("are nothing to a detector that takes any, and features of at least 0 are nothing to any", async () => {
    expect((await fit(detectors.find("vim"), [signed], { dimensions: 2 })).warnings).toEqual([]);
    expect((await fit(detectors.find("dice"), [train])).warnings).toEqual([]);
  });

  it("are told by a search too, once", async () => {
    const near = made({ group: "validation-near", count: 20, step: 24, feature: (z) => z });
    const sets = [signed, known, near];
    const asked = { detector: detectors.find("react"), parameters: {} };
    const { warnings } = await searchDetector(asked, await groundOf(sets), { engine: testEngine, head });
    expect(warnings.filter((text) => text.includes("are below 0"))).toHaveLength(1);
  });
});

describe("a bank of the first images of a list", () => {
  const bankOf = async (label: (i: number) => number, parameters = {}): Promise<readonly string[]> =>
    (
      await fit(
        detectors.find("nnguide"),
        [made({ group: "train", count: 600, step: 50, label })],
        parameters,
      )
    ).warnings.filter((text) => text.includes("its bank has"));

  it("is told where the list is sorted by class, so that it holds few of them", async () => {
    const [told] = await bankOf((i) => Math.floor(i / 200));
    expect(told).toMatch(
      /^nnguide: its bank has 200 of 600 images, of 1 of 3 classes, .*oal explain nnguide/,
    );
    expect(await bankOf((i) => Math.floor(i / 200), { order: "spread" })).toEqual([]);
    expect(await bankOf((i) => i % 3)).toEqual([]);
    // two of three are most of them, and what keeps all images misses none
    expect(await bankOf((i) => Math.floor(i / 200), { batch: 400 })).toEqual([]);
    expect(await bankOf((i) => Math.floor(i / 200), { batch: 600 })).toEqual([]);
  });

  it("is told of no bank of few images that has a class for each of them", async () => {
    expect(await bankOf((i) => i % 300, { neighbours: 2, batch: 5 })).toEqual([]);
  });
});

describe("defaults", () => {
  it("of neco follow the classes, at most half of the features", () => {
    const { dimensions } = detectors.find("neco").parameters;
    if (!dimensions) throw new Error("neco has no dimensions");
    const small = { ...detectors.find("neco"), parameters: { dimensions: { ...dimensions, default: 1 } } };
    expect(dataDefaults(small, {}, [train])).toEqual({
      dimensions: { value: 2, because: "there are 3 classes" },
    });
    const many = made({ group: "train", count: 90, step: 10, wide: 30 });
    expect(dataDefaults(small, {}, [many])).toEqual({
      dimensions: { value: 4, because: "there are 30 classes and a feature has 8 numbers" },
    });
    expect(dataDefaults(small, { dimensions: 7 }, [many])).toEqual({});
  });

  it("of a class's share do not count images of no class as one", () => {
    const labels = made({ group: "train", count: 90, step: 10, label: (i) => (i < 5 ? -1 : i % 2) });
    expect(dataDefaults(detectors.find("knn"), {}, [labels])).toEqual({
      neighbours: { value: 4, because: "the smallest class has 42 images to fit on" },
    });
    const none = made({ group: "train", count: 90, step: 10, label: () => -1 });
    expect(dataDefaults(detectors.find("knn"), {}, [none])).toEqual({
      neighbours: { value: 9, because: "the set has 90 images to fit on" },
    });
  });

  it("of nnguide's K follow the images, whatever the size of a class", () => {
    const nnguide = detectors.find("nnguide");
    expect(dataDefaults(nnguide, {}, [train])).toEqual({
      neighbours: { value: 9, because: "the set has 90 images to fit on" },
    });
    // a class has 7 images
    const many = made({ group: "train", count: 1000, step: 40, label: (i) => i % 150, wide: 150 });
    expect(dataDefaults(nnguide, {}, [many])).toEqual({});
  });

  it("are the published ones for the sets of OpenOOD's protocols, but where those leave nothing or follow the classes", () => {
    // OpenOOD's 512 dimensions of 512 features leave residual no direction; neco's paper has C - 1
    const halved = "residual: dimensions 256";
    const rows = (count: number, own: number) => ({ count, width: own, read: () => new Float32Array() });
    // twenty classes have images here, which are enough to lower nothing for more of them
    const setOf = (group: SetGroup, each: number, classes: number, features: number): OutputSet => ({
      name: group,
      group,
      ids: [],
      labels: Int32Array.from({ length: 20 * each }, (_, i) => i % Math.min(20, classes)),
      logits: rows(20 * each, classes),
      features: rows(20 * each, features),
    });
    // images of the smallest class: 732 of ImageNet's, 5 of its validation images
    for (const [each, validation, classes, features, expected] of [
      [5000, 100, 10, 512, [halved]],
      [500, 10, 100, 512, [halved]],
      [732, 5, 200, 512, ["neco: dimensions 199", halved]],
      [732, 5, 1000, 2048, ["neco: dimensions 999"]],
    ] as const) {
      const sets = [
        setOf("train", each, classes, features),
        setOf("validation", validation, classes, features),
      ];
      const changed = detectors.all.flatMap((detector) =>
        Object.entries(dataDefaults(detector, {}, sets)).map(
          ([name, { value }]) => `${detector.id}: ${name} ${value}`,
        ),
      );
      expect([classes, changed.toSorted()]).toEqual([classes, expected]);
    }
  });

  it("that are lowered are the first that a search tries, and the published ones stay alone where none is", async () => {
    const knn = detectors.find("knn");
    const published = [50, 100, 200, 500, 1000].map((neighbours) => ({ neighbours }));
    expect(searchGrid(knn, {})).toEqual(published);
    expect(searchGrid(knn, {}, { neighbours: 50 })).toEqual(published);
    const sets = [
      train,
      made({ group: "validation", count: 30, step: 30 }),
      made({ group: "validation-near", count: 30, step: 32, feature: (z) => Math.abs(z) * 3 }),
    ];
    const ground = await groundOf(sets);
    const found = await searchDetector({ detector: knn, parameters: {} }, ground, { engine: testEngine });
    if ("reason" in found) throw found.reason;
    expect(found.search?.candidates.map(({ parameters }) => parameters["neighbours"])).toEqual([3, 50]);
    expect(found.warnings[0]).toBe(
      "knn: the search tries neighbours 3 first, because the smallest class has 30 images to fit on",
    );
  });
});

describe("a default that the data do not allow", () => {
  const picky = (fallbacks: readonly (readonly number[])[]): Detector =>
    defineDetector({
      id: "test-picky",
      title: "picky",
      source: "this test",
      formula: "0",
      needs: ["logits"],
      parameters: {
        steepness: list({ of: "real", default: [100], fallbacks, description: "s", reason: "a test" }),
      },
      fit: {
        on: "train",
        needs: ["logits"],
        tensors: ["steepness"],
        run: (_streams, { steepness }) => {
          if ((steepness[0] ?? 0) > 1)
            throw oalError("OAL-E292", {
              detector: "test-picky",
              problem: `it is too steep at ${steepness.join()}`,
            });
          return Promise.resolve({ steepness: float32Tensor([1], steepness) });
        },
      },
      score: (_graph, { logits }) => logits,
    });

  it("gives way to the first value that they do, which is said and kept", async () => {
    const found = await fit(picky([[10], [1], [0.1]]), [train]);
    if ("reason" in found) throw found.reason;
    expect(found.fitted.parameters).toEqual({ steepness: [1] });
    expect(found.warnings).toEqual([
      "test-picky: steepness is [1] instead of [100], because it is too steep at 100",
    ]);
  });

  it("is the reason where none is, and where the user gave it", async () => {
    for (const [found, said] of [
      [
        await fit(picky([[10], [5]]), [train]),
        "at 100, nor is it allowed with steepness [10], steepness [5]; it",
      ],
      [await fit(picky([[1]]), [train], { steepness: [50] }), "at 50; it"],
    ] as const) {
      if (!("reason" in found)) throw new Error("it was fitted");
      expect(found.reason.code).toBe("OAL-E292");
      expect(found.warnings).toEqual([`detector test-picky: it is too steep ${said} is left out`]);
    }
  });
});

it("a bank that is too large for a graph leaves its detector out, and nothing else", () => {
  expect(isUnfit(oalError("OAL-E242", { detector: "combood", bytes: 3e8, largest: 2e8 }))).toBe(true);
  expect(isUnfit(oalError("OAL-E240", { detector: "combood", problem: "none" }))).toBe(false);
});
