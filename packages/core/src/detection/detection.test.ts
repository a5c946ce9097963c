/** Every detector of the registry keeps the contract; every error path. */
import { describe, expect, it } from "vitest";
import { evaluateReference, type Tensor } from "../graph/index.js";
import { Random } from "../random/index.js";
import {
  areStored,
  detectorGraph,
  detectors,
  integer,
  memoryRows,
  resolveParameters,
  storedStreams,
  type Detector,
  type FitHead,
  type Fitted,
  type FitSource,
} from "./index.js";

const classes = 4;
const featureSize = 6;
const nothing: Fitted = { tensors: {}, bank: null };

interface Outputs {
  classes: number;
  featureSize: number;
  logits: Float32Array;
  features: Float32Array;
  labels: Int32Array;
}

function outputs(name: string, count: number): Outputs {
  const random = new Random(3, name);
  const drawn = random.normals(0, count * classes).map((z) => 3 * z);
  // Most training images are called what they are, as those of a trained model.
  const right = name === "train" ? 6 : 0;
  return {
    classes,
    featureSize,
    logits: drawn.map((z, k) => z + (Math.floor(k / classes) % classes === k % classes ? right : 0)),
    features: random.normals(1, count * featureSize).map((f) => Math.max(f, 0.05)),
    labels: Int32Array.from({ length: count }, (_, i) => i % classes),
  };
}

/** A last layer of the features; the logits of these tests are drawn, not computed with it. */
const head: FitHead = {
  weight: {
    dtype: "float32",
    shape: [classes, featureSize],
    data: new Random(5, "head").normals(0, classes * featureSize),
  },
  bias: { dtype: "float32", shape: [classes], data: new Random(5, "head").normals(1, classes) },
};

/** Parameters that suit sixty images of six features. */
const small: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  vim: { dimensions: 3 },
  residual: { dimensions: 3 },
  neco: { dimensions: 3 },
  nnguide: { neighbours: 5, share: 0.4, batch: 7 },
  openmax: { tail: 3 },
};

function streams({ labels, logits, features, ...sizes }: Outputs, batch?: number): FitSource {
  const rows = {
    labels,
    logits: memoryRows(logits, sizes.classes),
    features: memoryRows(features, sizes.featureSize),
  };
  return storedStreams({ train: rows, validation: rows }, head, batch);
}

async function fitted(detector: Detector, parameters = {}): Promise<Fitted> {
  return detector.fit(streams(outputs("train", 60), 16), { ...small[detector.id], ...parameters });
}

function score(detector: Detector, set: Outputs, kept: Fitted = nothing, given = {}): number[] {
  const rows = set.labels.length;
  const parameters = { ...small[detector.id], ...given };
  const graph = detectorGraph(detector, { rows, classes, featureSize }, kept, parameters, head);
  const all: Record<string, Tensor> = {
    logits: { dtype: "float32", shape: [rows, classes], data: set.logits },
    features: { dtype: "float32", shape: [rows, featureSize], data: set.features },
  };
  expect(new Set(graph.inputs.map(({ name }) => name))).toEqual(
    new Set(detector.needs.filter((name) => name !== "head")),
  );
  const { confidence } = evaluateReference(graph, all);
  expect(confidence?.shape).toEqual([rows]);
  return Array.from(confidence?.data ?? [], Number);
}

function rowsOf(set: Outputs, order: number[]): Outputs {
  const take = (data: Float32Array, width: number): Float32Array =>
    Float32Array.from(order.flatMap((i) => Array.from(data.subarray(i * width, (i + 1) * width))));
  return {
    ...set,
    logits: take(set.logits, classes),
    features: take(set.features, featureSize),
    labels: Int32Array.from(order, (i) => set.labels[i] ?? 0),
  };
}

const ofStored = detectors.all.filter(({ needs }) => areStored(needs));

describe.each(ofStored.map((detector): [string, Detector] => [detector.id, detector]))(
  "%s",
  (id, detector) => {
    const test = outputs("test", 9);

    it("is found by every name, which no other detector has", () => {
      for (const name of [id, ...detector.aliases]) expect(detectors.find(name)).toBe(detector);
      const names = detectors.all.flatMap((other) => [other.id, ...other.aliases]);
      expect(new Set(names).size).toBe(names.length);
    });

    it("scores do not depend on order, batch or the order of the bank", async () => {
      const kept = await fitted(detector);
      const whole = score(detector, test, kept);
      expect(whole.every(Number.isFinite)).toBe(true);
      const order = [4, 8, 0, 3, 1, 7, 2, 6, 5];
      expect(score(detector, rowsOf(test, order), kept)).toEqual(order.map((i) => whole[i]));
      const parts = [
        [0, 1, 2],
        [3, 4, 5],
        [6, 7, 8],
      ].flatMap((part) => score(detector, rowsOf(test, part), kept));
      expect(parts).toEqual(whole);
      const other = await detector.fit(streams(outputs("train", 60), 60), small[id]);
      expect(score(detector, test, other)).toEqual(whole);
    });

    it("refuses parameters outside their domain and unknown ones", async () => {
      await expect(fitted(detector, { nonsense: 1 })).rejects.toThrow("nonsense must be");
      for (const [name, parameter] of Object.entries(detector.parameters)) {
        expect(resolveParameters(id, detector.parameters)[name]).toBe(parameter.default);
        for (const value of parameter.outside())
          await expect(fitted(detector, { [name]: value })).rejects.toThrow(
            `${name} must be ${parameter.domain}`,
          );
      }
    });

    it("says of every parameter what it means and why its default is what it is", () => {
      for (const { description, reason } of Object.values(detector.parameters))
        expect(description.length * reason.length).toBeGreaterThan(0);
    });

    it("says which input is missing", async () => {
      const kept = await fitted(detector);
      const sizes = { rows: 2, classes, featureSize };
      const graph = detectorGraph(detector, sizes, kept, small[id], head);
      expect(() => detector.score(graph, {}, kept, small[id])).toThrow(
        `detector ${id} needs ${detector.needs.join(" and ")}`,
      );
      if (detector.fitOn() === null) return;
      expect(() => detectorGraph(detector, sizes, nothing, small[id], head)).toThrow(
        `needs ${detector.bank ? "bank" : detector.fittedNames.join(" and ")}`,
      );
      await expect(detector.fit(() => null)).rejects.toThrow(
        `needs ${detector.fitTaps.join(" and ")} of the ID ${detector.fitOn() ?? ""} images`,
      );
    });
  },
);

it("a value to fall back to lies in the domain of its parameter", () => {
  const spec = { min: 1, default: 2, description: "a rank", reason: "a test" };
  expect(integer({ ...spec, fallbacks: [1] }).fallbacks).toEqual([1]);
  expect(() => integer({ ...spec, fallbacks: [1, 0] })).toThrow("fallbacks[1]");
});

describe("what data do not allow is said", () => {
  it("a temperature where every image is right", async () => {
    const sure = outputs("train", 60);
    const logits = sure.logits.map((_, k) => (Math.floor(k / classes) % classes === k % classes ? 9 : 0));
    const fit = detectors.find("temp_scaling").fit(streams({ ...sure, logits }));
    await expect(fit).rejects.toThrow("no temperature between 0.001 and 1000");
  });

  it("a class without a correctly classified image", async () => {
    const wrong = outputs("train", 60);
    const logits = wrong.logits.map((z, k) => (k % classes === 2 ? -99 : z));
    for (const id of ["she", "openmax"])
      await expect(detectors.find(id).fit(streams({ ...wrong, logits }), small[id])).rejects.toThrow(
        "class 2 (counted from 0) has no correctly",
      );
  });

  it("a subspace that holds all of what it is fitted on", async () => {
    const few = detectors.find("residual").fit(streams(outputs("train", 3)), { dimensions: 3 });
    await expect(few).rejects.toMatchObject({ code: "OAL-E292" });
    await expect(few).rejects.toThrow("it takes more images than dimensions");
  });

  it("classes that no image has", async () => {
    const unlabelled = { ...outputs("train", 60), labels: new Int32Array(60).fill(-1) };
    for (const id of ofClasses)
      await expect(detectors.find(id).fit(streams(unlabelled), small[id]), id).rejects.toThrow(
        `detector ${id}: none of the images that it is fitted on has a class`,
      );
  });

  it("as many dimensions as features, or more", async () => {
    for (const dimensions of [featureSize, featureSize + 1])
      for (const id of ["vim", "residual", "neco"])
        await expect(fitted(detectors.find(id), { dimensions })).rejects.toMatchObject({ code: "OAL-E291" });
  });
});

describe("what a fit remarks", () => {
  const remarks = async (id: string, train: Outputs, given = {}): Promise<readonly string[]> => {
    const detector = detectors.find(id);
    return detector.remarks(await detector.fit(streams(train, 16), given), given);
  };

  it("a covariance without its full rank: a dead feature, a duplicate, few images", async () => {
    const train = outputs("train", 60);
    const dead = train.features.map((value, k) => (k % featureSize === 2 ? 0 : value));
    const twice = train.features.map((value, k, all) => (k % featureSize === 2 ? (all[k - 1] ?? 0) : value));
    for (const id of ["mds", "rmds"]) {
      expect(await remarks(id, train)).toEqual([]);
      for (const features of [dead, twice]) {
        const found = await remarks(id, { ...train, features });
        expect(found[0]).toMatch(new RegExp(`^${id}: .* has rank ${featureSize - 1} of ${featureSize} `));
        expect(found).toHaveLength(id === "mds" ? 1 : 2);
      }
      expect((await remarks(id, outputs("train", 4)))[0]).toContain("too few images");
    }
  });

  it("a temperature below 0", async () => {
    const detector = detectors.find("temp_scaling");
    expect(await remarks("temp_scaling", outputs("train", 60))).toEqual([]);
    const temperature: Tensor = { dtype: "float32", shape: [1], data: Float32Array.of(-9.05) };
    expect(detector.remarks({ tensors: { temperature }, bank: null }, { rule: "openood" })).toEqual([
      expect.stringMatching(/^temp_scaling: the temperature is -9.05: .* is turned round/),
    ]);
  });
});

it("klm: a class that a typical distribution excludes makes the divergence infinite, and its own 0 makes none", async () => {
  const train = outputs("train", 60);
  // every validation picture is surely of one class: softmax has exact zeros, and so have the typical distributions
  const sure = train.logits.map((_, k) => (Math.floor(k / classes) % classes === k % classes ? 400 : 0));
  const kept = await detectors.find("klm").fit(streams({ ...train, logits: sure }));
  const logits = Float32Array.of(400, 0, 0, 0, 3, 0, 0, 0);
  const found = score(
    detectors.find("klm"),
    { ...train, logits, features: new Float32Array(12), labels: Int32Array.of(0, 0) },
    kept,
  );
  expect(found).toEqual([0, -Infinity]);
});

/** Detectors whose fit looks at classes. */
const ofClasses = ["mds", "rmds", "she", "openmax", "temp_scaling", "nac_last"];

it.each(ofClasses)("%s is fitted as if images without a class were not there", async (id) => {
  const train = outputs("train", 60);
  const labels = train.labels.map((label, i) => (i % 5 === 4 ? -1 : label));
  const kept = Array.from(labels.keys()).filter((i) => (labels[i] ?? -1) >= 0);
  const detector = detectors.find(id);
  const found = await detector.fit(streams({ ...train, labels }, 7), small[id]);
  expect(found.tensors).toEqual((await detector.fit(streams(rowsOf(train, kept), 7), small[id])).tensors);
});

describe("values by hand", () => {
  const logits = Float32Array.of(1, 2, 3, -1, 0, 0, 0, 0);
  const set: Outputs = {
    classes,
    featureSize,
    logits,
    features: new Float32Array(12),
    labels: Int32Array.of(2, 0),
  };

  it("logit detectors", () => {
    const energy = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3) + Math.exp(-1));
    expect(score(detectors.find("msp"), set)[0]).toBeCloseTo(Math.exp(3 - energy), 6);
    expect(score(detectors.find("mls"), set)).toEqual([3, 0]);
    expect(score(detectors.find("energy"), set)[0]).toBeCloseTo(energy, 5);
    expect(score(detectors.find("ebo"), set, nothing, { temperature: 2 })[1]).toBeCloseTo(2 * Math.log(4), 5);
  });

  it("k nearest neighbours", async () => {
    const knn = detectors.find("knn");
    const train = { classes: 1, featureSize: 2, logits: new Float32Array(3), labels: new Int32Array(3) };
    const bank = await knn.fit(streams({ ...train, features: Float32Array.of(2, 0, 0, 3, -1, 0) }, 2), {
      neighbours: 2,
    });
    const graph = detectorGraph(knn, { rows: 2, classes: 1, featureSize: 2 }, bank, { neighbours: 2 });
    const features: Tensor = { dtype: "float32", shape: [2, 2], data: Float32Array.of(5, 0, 0, 0) };
    const values = Array.from(evaluateReference(graph, { features })["confidence"]?.data ?? [], Number);
    expect(values[0]).toBeCloseTo(-2, 6); // second nearest of (1, 0) is (0, 1)
    expect(values[1]).toBeCloseTo(-1, 6); // the zero vector lies 1 from every unit vector
    await expect(knn.fit(streams({ ...train, features: new Float32Array(6) }))).rejects.toThrow(
      "the bank holds 3",
    );
  });

  it("k nearest neighbours over a bank of several blocks", async () => {
    const knn = detectors.find("knn");
    const count = 9000;
    const random = new Random(5, "bank");
    const features = random.normals(0, count * 2);
    const empty = {
      classes: 1,
      featureSize: 2,
      logits: new Float32Array(count),
      labels: new Int32Array(count),
    };
    const parameters = { neighbours: 7 };
    const bank = await knn.fit(streams({ ...empty, features }), parameters);
    const graph = detectorGraph(knn, { rows: 1, classes: 1, featureSize: 2 }, bank, parameters);
    const query: Tensor = { dtype: "float32", shape: [1, 2], data: Float32Array.of(0.6, 0.8) };
    const got = Number(evaluateReference(graph, { features: query })["confidence"]?.data[0]);
    const distances = Array.from({ length: count }, (_, i) => {
      const [x, y] = [features[2 * i] ?? 0, features[2 * i + 1] ?? 0];
      return (x / Math.hypot(x, y) - 0.6) ** 2 + (y / Math.hypot(x, y) - 0.8) ** 2;
    }).sort((a, b) => a - b);
    expect(Math.abs(got + (distances[6] ?? 0))).toBeLessThan(1e-6);
  });

  it("unknown names get a suggestion", () => {
    expect(() => detectors.find("knnn")).toThrow('did you mean "knn"?');
  });
});
