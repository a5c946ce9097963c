/** Training methods of others against their formulas, in plain numbers. */
import {
  evaluateReference,
  float32Tensor,
  gradients,
  Graph,
  int64Tensor,
  linear,
  Random,
  toNumbers,
  type Tensor,
  type Value,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { TrainingContext } from "../../nn/context.js";
import { initializeParameters, type ParameterStore } from "../../nn/parameters.js";
import { betaNumber } from "./beta.js";
import { ciderMethod } from "./cider.js";
import { confBranchMethod } from "./confBranch.js";
import { featureQueue } from "./featureQueue.js";
import { gOdinMethod } from "./gOdin.js";
import { logitNormMethod } from "./logitNorm.js";
import type { MethodSettings, TrainingMethod } from "./method.js";
import { farthestPoints, nposMethod } from "./npos.js";
import { regMixupMethod } from "./regMixup.js";
import { rotpredMethod } from "./rotpred.js";
import { t2fNormMethod } from "./t2fNorm.js";
import { longestNormals, symmetricRoot, vosMethod } from "./vos.js";

const [N, C, D] = [4, 3, 5];
const random = new Random(3, "test/published");
const matrix = (name: string, rows: number, columns: number): number[][] => {
  const flat = [...random.derive(name).normals(0, rows * columns)];
  return Array.from({ length: rows }, (_, i) => flat.slice(i * columns, (i + 1) * columns));
};
const tensor = (rows: readonly (readonly number[])[]): Tensor =>
  float32Tensor([rows.length, rows[0]?.length ?? 0], rows.flat());

const features = matrix("features", N, D);
const turned = matrix("turned", 3 * N, D);
const [weight, bias] = [matrix("weight", C, D), [0.3, -0.2, 0.1]];
const classOf = [0, 2, 0, 1];
const labels = classOf.map((label) => Array.from({ length: C }, (_, c) => Number(c === label)));

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0);
const length = (row: readonly number[]): number => Math.sqrt(dot(row, row));
const scaled = (row: readonly number[], by: number): number[] => row.map((value) => value * by);
const unit = (row: readonly number[]): number[] => scaled(row, 1 / length(row));
const lastLayer = (row: readonly number[]): number[] =>
  weight.map((own, c) => dot(own, row) + (bias[c] ?? NaN));
const logSumExp = (row: readonly number[]): number =>
  Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const crossEntropy = (
  rows: readonly (readonly number[])[],
  targets: readonly (readonly number[])[],
): number =>
  mean(rows.map((row, i) => logSumExp(row) * targets[i]!.reduce((a, b) => a + b, 0) - dot(row, targets[i]!)));
const logits = features.map(lastLayer);

interface Built {
  readonly values: Readonly<Record<string, number>>;
  /** Parameters and buffers after the step, buffers updated. */
  readonly state: ParameterStore;
  /** Of the weighted total, by the features. */
  readonly slope: readonly number[];
}

/** A step of a method on the features above: terms, next buffers, and the gradient of the total. */
function step(
  method: TrainingMethod,
  given: {
    readonly settings?: MethodSettings;
    readonly draws?: Readonly<Record<string, Tensor>>;
    readonly state?: ParameterStore;
    readonly rows?: readonly (readonly number[])[];
    /** Features of the pictures that were made of the batch. */
    readonly shown?: readonly (readonly number[])[];
  } = {},
): Built {
  const { settings = {}, draws = {}, state, rows = features, shown = turned } = given;
  const graph = new Graph();
  const context = new TrainingContext(graph);
  const seen = graph.input("features", tensor(rows));
  const [w, b] = [graph.constant(tensor(weight)), graph.constant(float32Tensor([C], bias))];
  const apply = (value: Value): Value => linear(value, w, b);
  const taps = { logits: apply(seen), features: seen };
  const part = context.child("network").child("heads").child(method.id);
  const drawn = Object.fromEntries(
    Object.entries(draws).map(([name, each]) => [name, graph.input(`draw ${name}`, each)]),
  );
  const known =
    (from: Readonly<Record<string, Value>>) =>
    (name: string): Value => {
      const found = from[name];
      if (!found) throw new Error(`no ${name}`);
      return found;
    };
  const outputsOf = (of: typeof taps) =>
    known(method.outputs?.({ context: part, classes: C, ...of }, settings) ?? {});
  const other = graph.constant(tensor(shown));
  const terms = method.build(
    {
      context,
      classes: C,
      labels: graph.constant(tensor(labels)),
      ...taps,
      head: { weight: w, bias: b, apply },
      draws: known(drawn),
      side: known({}),
      shown: () => ({ logits: apply(other), features: other }),
      outputs: outputsOf(taps),
      outputsOf,
    },
    settings,
  );
  for (const { name, value } of terms) graph.output(name, value);
  for (const [name, value] of context.bufferUpdates) graph.output(`next ${name}`, value);
  const weighted = terms.filter((term) => term.weight !== 0);
  const slopes = weighted.map((term) => {
    const [slope] = gradients(term.value, [seen]);
    if (slope) graph.output(`slope ${term.name}`, slope);
    return [term.name, Number(term.weight)] as const;
  });
  const parameters = state ?? initializeParameters(context.specs, 5);
  const outputs = evaluateReference(graph, {
    features: tensor(rows),
    ...Object.fromEntries(Object.entries(draws).map(([name, each]) => [`draw ${name}`, each])),
    ...Object.fromEntries(parameters),
  });
  const numbers = (name: string): number[] => toNumbers(outputs[name] ?? float32Tensor([0], []));
  const next = new Map(parameters);
  for (const name of context.bufferUpdates.keys()) {
    const updated = outputs[`next ${name}`];
    if (updated) next.set(name, updated);
  }
  const slope = Array.from({ length: N * D }, () => 0);
  for (const [name, factor] of slopes)
    numbers(`slope ${name}`).forEach((value, i) => (slope[i] = (slope[i] ?? 0) + factor * value));
  return {
    values: Object.fromEntries(terms.map(({ name }) => [name, numbers(name)[0] ?? NaN])),
    state: next,
    slope,
  };
}

/** The gradient by the features is that of central differences of the weighted terms, from one state. */
function expectSlope(
  method: TrainingMethod,
  weights: Readonly<Record<string, number>>,
  given: Parameters<typeof step>[1] = {},
): void {
  const { slope, state } = step(method, given);
  const start = given.state ?? state;
  const total = (rows: readonly (readonly number[])[]): number => {
    const { values } = step(method, { ...given, state: start, rows });
    return Object.entries(weights).reduce((sum, [name, factor]) => sum + factor * (values[name] ?? NaN), 0);
  };
  const own = given.state ? slope : step(method, { ...given, state: start }).slope;
  const size = 2 ** -6;
  for (const [i, d] of [
    [0, 0],
    [1, 3],
    [3, 2],
  ] as const) {
    const moved = (by: number): number[][] =>
      features.map((row, at) => row.map((value, j) => (at === i && j === d ? value + by : value)));
    const difference = (total(moved(size)) - total(moved(-size))) / (2 * size);
    expect(own[i * D + d]).toBeCloseTo(difference, 2);
  }
}

const read = (state: ParameterStore, name: string, columns: number): number[][] => {
  const flat = toNumbers(state.get(name) ?? float32Tensor([0], []));
  return Array.from({ length: flat.length / columns }, (_, i) => flat.slice(i * columns, (i + 1) * columns));
};

describe("logit normalisation", () => {
  it("is the cross-entropy of scores of length 1 / 0.04, whatever their length", () => {
    const expected = crossEntropy(
      logits.map((row) => scaled(unit(row), 1 / 0.04)),
      labels,
    );
    expect(step(logitNormMethod).values["normalisedCe"]).toBeCloseTo(expected, 4);
    const hot = crossEntropy(logits.map(unit), labels);
    const { values } = step(logitNormMethod, { settings: { logitNorm: { temperature: 1 } } });
    expect(values["normalisedCe"]).toBeCloseTo(hot, 5);
    expectSlope(logitNormMethod, { normalisedCe: 1 }, { settings: { logitNorm: { temperature: 1 } } });
  });
});

describe("feature normalisation", () => {
  it("normalises in the loss, and divides by the temperature alone in the model", () => {
    const expected = crossEntropy(
      features.map((row) => lastLayer(scaled(unit(row), 10))),
      labels,
    );
    expect(step(t2fNormMethod).values["normalisedFeatureCe"]).toBeCloseTo(expected, 4);
    const graph = new Graph();
    const [f, w, b] = [features, weight]
      .map((rows) => graph.constant(tensor(rows)))
      .concat(graph.constant(float32Tensor([C], bias)));
    if (!f || !w || !b) throw new Error("three values");
    const apply = (value: Value): Value => linear(value, w, b);
    const said = t2fNormMethod.inference?.(
      { features: f, logits: apply(f), head: { weight: w, bias: b, apply }, outputs: {} },
      {},
    );
    if (!said || !("head" in said)) throw new Error("no head");
    graph.output("logits", said.logits);
    graph.output("by head", linear(f, said.head.weight, said.head.bias));
    const outputs = evaluateReference(graph, {});
    for (const name of ["logits", "by head"])
      expect(toNumbers(outputs[name] ?? float32Tensor([0], []))).toEqual(
        features
          .flatMap((row) => lastLayer(scaled(row, 10)))
          .map((value): unknown => expect.closeTo(value, 3)),
      );
  });
});

describe("turns", () => {
  it("are the cross-entropy of four, over upright and turned pictures alike, and how many are told", () => {
    const { values, state } = step(rotpredMethod);
    const rows = [...features, ...turned];
    const head = read(state, "network.heads.rotpred.turns.weight", D);
    const shift = toNumbers(state.get("network.heads.rotpred.turns.bias") ?? float32Tensor([0], []));
    const said = rows.map((row) => head.map((own, k) => dot(own, row) + (shift[k] ?? NaN)));
    const targets = rows.map((_, i) => [0, 1, 2, 3].map((k) => Number(k === Math.floor(i / N))));
    expect(values["turnsCe"]).toBeCloseTo(crossEntropy(said, targets), 5);
    const told = said.filter((row, i) => row.indexOf(Math.max(...row)) === Math.floor(i / N)).length;
    expect(values["turnsTold"]).toBeCloseTo(told / rows.length, 6);
  });
});

describe("mixing as a regulariser", () => {
  it("mixes the labels as the pictures", () => {
    const order = [2, 0, 3, 1];
    const draws = { share: float32Tensor([], [0.7]), order: int64Tensor([N], order) };
    const mixed = labels.map((row, i) =>
      row.map((value, c) => 0.7 * value + 0.3 * (labels[order[i] ?? 0]?.[c] ?? NaN)),
    );
    const graph = new Graph();
    const images = graph.constant(float32Tensor([N, 1, 1, 1], [1, 2, 3, 4]));
    const made = regMixupMethod.pictures?.(
      {
        images,
        labels: images,
        classes: C,
        draws: (name) => graph.constant(name === "share" ? draws.share : draws.order),
        side: () => images,
        normalisation: { mean: [0, 0, 0], std: [1, 1, 1] },
      },
      {},
    );
    if (made?.["mixed"]) graph.output("mixed", made["mixed"]);
    expect(toNumbers(evaluateReference(graph, {})["mixed"] ?? float32Tensor([0], []))).toEqual(
      [1, 2, 3, 4].map((v, i): unknown => expect.closeTo(0.7 * v + 0.3 * ((order[i] ?? 0) + 1), 5)),
    );
    const { values } = step(regMixupMethod, { draws, shown: features });
    expect(values["mixedCe"]).toBeCloseTo(crossEntropy(logits, mixed), 5);
  });

  it("draws its shares from Beta(α, α), the same for the same step", () => {
    for (const [a, b] of [
      [20, 20],
      [0.4, 0.4],
      [2, 5],
    ] as const) {
      const draws = Array.from({ length: 2000 }, (_, i) => betaNumber(random, i, a, b));
      expect(draws.every((draw) => draw >= 0 && draw <= 1)).toBe(true);
      const [m, v] = [a / (a + b), (a * b) / ((a + b) ** 2 * (a + b + 1))];
      expect(Math.abs(mean(draws) - m)).toBeLessThan(4 * Math.sqrt(v / draws.length));
      expect(mean(draws.map((draw) => (draw - m) ** 2)) / v).toBeCloseTo(1, 0.7);
      expect(betaNumber(random, 7, a, b)).toBe(draws[7]);
    }
  });
});

describe("confidence branch", () => {
  const draws = { hint: float32Tensor([N, 1], [0.2, 0.7, 0.4, 0.9]) };

  it("mixes the label into what it says for those with a hint, and prices that", () => {
    const { values, state } = step(confBranchMethod, { draws });
    const [own] = read(state, "network.heads.confBranch.confidence.weight", D);
    const [shift = NaN] = toNumbers(
      state.get("network.heads.confBranch.confidence.bias") ?? float32Tensor([0], []),
    );
    const confidence = features.map((row) => 1 / (1 + Math.exp(-(dot(own ?? [], row) + shift))));
    const hinted = logits.map((row, i) => {
      const c = [0.2, 0.4].includes([0.2, 0.7, 0.4, 0.9][i] ?? NaN) ? (confidence[i] ?? NaN) : 1;
      return c * Math.exp((row[classOf[i] ?? 0] ?? NaN) - logSumExp(row)) + (1 - c);
    });
    const price = mean(confidence.map((c) => -Math.log(c)));
    expect(values["hintedCe"]).toBeCloseTo(mean(hinted.map((p) => -Math.log(p))), 5);
    expect(values["confidenceLoss"]).toBeCloseTo(price, 5);
    expect(values["confidencePrice"]).toBeCloseTo(0.1 * price, 5);
    expectSlope(confBranchMethod, { hintedCe: 1, confidencePrice: 1 }, { draws });
  });

  it("makes hints dearer where they are bought above the budget, cheaper below", () => {
    for (const [budget, by] of [
      [1e-3, 0.99],
      [50, 1.01],
    ] as const) {
      const { state } = step(confBranchMethod, { draws, settings: { confBranch: { budget } } });
      expect(toNumbers(state.get("confBranch.weight") ?? float32Tensor([0], []))[0]).toBeCloseTo(0.1 / by, 6);
    }
  });
});

describe("likeness divided by confidence", () => {
  it.each(["cosine", "inner", "euclidean"] as const)("of the form %s", (form) => {
    const given = { settings: { gOdin: { form } } };
    const { values, state } = step(gOdinMethod, given);
    const at = "network.heads.gOdin.";
    const rows = read(state, `${at}h.weight`, D);
    const h = features.map((row) =>
      rows.map((own) =>
        form === "cosine"
          ? dot(unit(row), unit(own))
          : form === "inner"
            ? dot(row, own)
            : -mean(row.map((value, d) => (value - (own[d] ?? NaN)) ** 2)),
      ),
    );
    const [own = []] = read(state, `${at}g.weight`, D);
    const [shift = NaN] = toNumbers(state.get(`${at}g.bias`) ?? float32Tensor([0], []));
    const raw = features.map((row) => dot(own, row) + shift);
    const spread = Math.sqrt(mean(raw.map((value) => (value - mean(raw)) ** 2)) + 1e-5);
    const g = raw.map((value) => 1 / (1 + Math.exp(-(value - mean(raw)) / spread)));
    const expected = crossEntropy(
      h.map((row, i) => scaled(row, 1 / (g[i] ?? NaN))),
      labels,
    );
    expect(values["quotientCe"]).toBeCloseTo(expected, 4);
    expectSlope(gOdinMethod, { quotientCe: 1 }, given);
  });
});

/** The last prototypes after samples in turn, brought to length 1 at the end. */
function prototypesOf(
  embeddings: readonly (readonly number[])[],
  before: readonly (readonly number[])[],
  m: number,
): number[][] {
  const moved = before.map((row) => [...row]);
  embeddings.forEach((row, i) => {
    const own = moved[classOf[i] ?? 0] ?? [];
    row.forEach((value, d) => (own[d] = m * (own[d] ?? 0) + (1 - m) * value));
  });
  return moved.map((row) => (length(row) === 0 ? row : unit(row)));
}

describe("compactness and dispersion", () => {
  const given = { settings: { cider: { width: 4, momentum: 0.8, temperature: 0.5 } } };
  /** The projection of features by the parameters of a state. */
  const embed = (state: ParameterStore): number[][] => {
    const layer = (name: string, rows: readonly (readonly number[])[], columns: number): number[][] => {
      const own = read(state, `cider.projection.${name}.weight`, columns);
      const shift = toNumbers(state.get(`cider.projection.${name}.bias`) ?? float32Tensor([0], []));
      return rows.map((row) => own.map((w, k) => dot(w, row) + (shift[k] ?? NaN)));
    };
    // batch normalisation at its start: no scale, no shift
    const hidden = layer("0", features, D);
    const normalised = hidden.map((row) =>
      row.map((value, d) => {
        const column = hidden.map((other) => other[d] ?? NaN);
        return (value - mean(column)) / Math.sqrt(mean(column.map((v) => (v - mean(column)) ** 2)) + 1e-5);
      }),
    );
    return layer(
      "2",
      normalised.map((row) => row.map((value) => Math.max(0, value))),
      D,
    ).map(unit);
  };

  it("are those of prototypes that follow the samples of their class, over two steps", () => {
    const first = step(ciderMethod, given);
    const second = step(ciderMethod, { ...given, state: first.state });
    const embeddings = embed(first.state);
    const zero = Array.from({ length: C }, () => [0, 0, 0, 0]);
    const before = prototypesOf(embeddings, zero, 0.8);
    const after = prototypesOf(embeddings, before, 0.8);
    for (const [{ values, state }, prototypes] of [
      [first, before],
      [second, after],
    ] as const) {
      read(state, "cider.prototypes", 4).forEach((row, c) =>
        row.forEach((value, d) => expect(value).toBeCloseTo(prototypes[c]?.[d] ?? NaN, 5)),
      );
      const compact = crossEntropy(
        embeddings.map((row) => prototypes.map((own) => dot(row, own) / 0.5)),
        labels,
      );
      expect(values["ciderCompact"]).toBeCloseTo(compact, 4);
      const disperse = mean(
        prototypes.map((own, c) =>
          Math.log(
            mean(prototypes.filter((_, k) => k !== c).map((other) => Math.exp(dot(own, other) / 0.5))),
          ),
        ),
      );
      expect(values["ciderDisperse"]).toBeCloseTo(disperse, 4);
      expect(values["probeCe"]).toBeCloseTo(crossEntropy(logits, labels), 4);
    }
  });

  it("reach the features, but not through the last layer, nor the prototypes of the samples' own term", () => {
    const held = { settings: { cider: { ...given.settings.cider, compactWeight: 0 } } };
    expectSlope(ciderMethod, { ciderDisperse: 1 }, held);
    const none = { settings: { cider: { ...held.settings.cider, disperseWeight: 0 } } };
    expect(step(ciderMethod, none).slope.every((value) => value === 0)).toBe(true);
  });
});

describe("the queue of features", () => {
  it("holds the newest of every class, whatever comes in one batch, and says when it is full", () => {
    const size = 3;
    const batches = [
      [0, 0, 1, 0],
      [0, 0, 0, 0],
      [2, 1, 2, 1],
      [2, 2, 2, 2],
    ];
    const queues: number[][][] = Array.from({ length: C }, () => []);
    let state: Record<string, Tensor> = {};
    batches.forEach((own, at) => {
      const rows = matrix(`batch ${at}`, N, D);
      own.forEach((label, i) => queues[label]?.push(rows[i] ?? []));
      const graph = new Graph();
      const context = new TrainingContext(graph);
      const targets = own.map((label) => Array.from({ length: C }, (_, c) => Number(c === label)));
      const queue = featureQueue(
        context,
        graph.constant(tensor(rows)),
        graph.constant(tensor(targets)),
        size,
      );
      graph.output("held", queue.rows);
      graph.output("filled", queue.filled);
      graph.output("full", queue.isFull);
      for (const [name, value] of context.bufferUpdates) graph.output(`next ${name}`, value);
      const outputs = evaluateReference(graph, {
        ...Object.fromEntries(initializeParameters(context.specs, 0)),
        ...state,
      });
      const held = toNumbers(outputs["held"] ?? float32Tensor([0], []));
      queues.forEach((queue, label) => {
        const wanted = queue.slice(-size).map((row) => row.map((value) => value.toFixed(5)).join());
        const found = Array.from({ length: size }, (_, place) =>
          held
            .slice((label * size + place) * D, (label * size + place + 1) * D)
            .map((value) => value.toFixed(5))
            .join(),
        );
        expect(found).toEqual(expect.arrayContaining(wanted));
      });
      const taken = queues.map((queue) => Math.min(size, queue.length));
      expect(toNumbers(outputs["filled"] ?? float32Tensor([0], []))[0]).toBeCloseTo(mean(taken) / size, 5);
      expect(toNumbers(outputs["full"] ?? float32Tensor([0], []))[0]).toBe(
        Number(taken.every((count) => count === size)),
      );
      state = Object.fromEntries(
        [...context.bufferUpdates.keys()].map((name) => [
          name,
          outputs[`next ${name}`] ?? float32Tensor([0], []),
        ]),
      );
    });
  });
});

describe("virtual outliers", () => {
  it("the root of a covariance, squared, is the covariance: of large and small eigenvalues alike", () => {
    const rows = matrix("spread", 40, D).map((row) => row.map((value, d) => value * 10 ** (1 - d)));
    const covariance = Array.from({ length: D }, (_, a) =>
      Array.from(
        { length: D },
        (_, b) => mean(rows.map((row) => (row[a] ?? NaN) * (row[b] ?? NaN))) + (a === b ? 1e-4 : 0),
      ),
    );
    const graph = new Graph();
    graph.output("root", symmetricRoot(graph.constant(tensor(covariance))));
    const flat = toNumbers(evaluateReference(graph, {})["root"] ?? float32Tensor([0], []));
    const root = Array.from({ length: D }, (_, i) => flat.slice(i * D, (i + 1) * D));
    const largest = Math.max(...covariance.flat());
    covariance.forEach((row, a) =>
      row.forEach((value, b) => {
        const square = root.reduce((sum, _, k) => sum + (root[a]?.[k] ?? NaN) * (root[k]?.[b] ?? NaN), 0);
        expect(Math.abs(square - value) / largest).toBeLessThan(1e-4);
      }),
    );
  });

  it("are drawn where they are least likely: the longest of many standard normal vectors", () => {
    const sizes = { classes: 3, width: 16, samples: 500, select: 2 };
    const drawn = toNumbers(longestNormals(random, 4, sizes));
    const lengths = Array.from({ length: 6 }, (_, row) => length(drawn.slice(row * 16, (row + 1) * 16)) ** 2);
    // the two largest of 500 chi-square numbers of 16 degrees lie between its quantiles 0.99 and 0.99999 with a probability above 0.999
    for (const each of lengths) expect(each).toBeGreaterThan(29);
    for (const each of lengths) expect(each).toBeLessThan(52);
    expect(toNumbers(longestNormals(random, 4, sizes))).toEqual(drawn);
    expect(toNumbers(longestNormals(random, 5, sizes))).not.toEqual(drawn);
  });

  it("count from the first full queue on, and only then", () => {
    const settings = { vos: { queue: 2 } };
    const draws = { outliers: float32Tensor([C, D], matrix("noise", C, D).flat()) };
    const first = step(vosMethod, { settings, draws });
    expect(first.values["virtualOutliers"]).toBe(0);
    // classes 1 and 2 have one sample a batch
    expect(first.values["queueFilled"]).toBeCloseTo(4 / 6, 5);
    const second = step(vosMethod, { settings, draws, state: first.state });
    expect(second.values["queueFilled"]).toBe(1);
    // every class's two rows are equal or those of class 0: the covariance is that of class 0 alone
    const queue = [
      [features[0], features[2]],
      [features[3], features[3]],
      [features[1], features[1]],
    ].map((rows) => rows.map((row) => row ?? []));
    const means = queue.map((rows) => features[0]!.map((_, d) => mean(rows.map((row) => row[d] ?? NaN))));
    const centred = queue.flatMap((rows, c) =>
      rows.map((row) => row.map((value, d) => value - (means[c]?.[d] ?? NaN))),
    );
    // Σ = q v v^T + 1e-4 I with v of length 1: its root is (sqrt(q + 1e-4) - 0.01) v v^T + 0.01 I
    const direction = unit(centred[0] ?? []);
    const q = mean(centred.map((row) => dot(row, direction) ** 2));
    const outliers = matrix("noise", C, D).map((noise, c) =>
      noise.map(
        (value, d) =>
          (means[c]?.[d] ?? NaN) +
          0.01 * value +
          (Math.sqrt(q + 1e-4) - 0.01) * dot(noise, direction) * (direction[d] ?? NaN),
      ),
    );
    const energies = [...logits, ...outliers.map(lastLayer)].map(logSumExp);
    const [a = NaN, b = NaN] = toNumbers(
      second.state.get("vos.classifier.0.weight") ?? float32Tensor([0], []),
    );
    const [s = NaN, t = NaN] = toNumbers(second.state.get("vos.classifier.0.bias") ?? float32Tensor([0], []));
    const answers = energies.map((energy) => [a * energy + s, b * energy + t]);
    const expected = crossEntropy(
      answers,
      answers.map((_, i) => (i < N ? [0, 1] : [1, 0])),
    );
    expect(second.values["virtualOutliers"]).toBeCloseTo(expected, 3);
  });
});

describe("outliers at the edge", () => {
  const options = nposMethod.options({
    npos: { queue: 8, k: 3, edge: 4, anchors: 2, samples: 6, keep: 2, deviation: 0.5, width: 4 },
  });

  it("are the points around drawn samples of the edge that lie farthest from their class", () => {
    const [classes, Q] = [2, 8];
    const queue = [matrix("queue 0", Q, D), matrix("queue 1", Q, D)];
    const noise = matrix("points", 6, D);
    const chosen = [
      [3, 0],
      [1, 2],
    ];
    const graph = new Graph();
    const made = farthestPoints(
      graph.constant(float32Tensor([classes, Q, D], queue.flat(2))),
      graph.constant(int64Tensor([2, 2], chosen.flat())),
      graph.constant(tensor(noise)),
      options,
    );
    graph.output("made", made);
    const found = toNumbers(evaluateReference(graph, {})["made"] ?? float32Tensor([0], []));
    const expected = queue.flatMap((rows, label) => {
      const nearness = (point: readonly number[]): number =>
        rows.map((row) => dot(unit(row), unit(point))).toSorted((a, b) => b - a)[2] ?? NaN;
      const edge = rows.toSorted((a, b) => nearness(a) - nearness(b)).slice(0, 4);
      return (chosen[label] ?? []).flatMap((place) =>
        noise
          .map((draw) => draw.map((value, d) => (edge[place]?.[d] ?? NaN) + 0.5 * value))
          .toSorted((a, b) => nearness(a) - nearness(b))
          .slice(0, 2),
      );
    });
    expect(found).toEqual(expected.flat().map((value): unknown => expect.closeTo(value, 5)));
  });

  it("count from the first full queue on, beside the directions of the classes", () => {
    const settings = { npos: { queue: 2, k: 1, edge: 1, anchors: 1, samples: 4, keep: 2, width: 4 } };
    const draws = {
      anchors: int64Tensor([C, 1], [0, 0, 0]),
      noise: float32Tensor([4, D], matrix("points", 4, D).flat()),
    };
    const first = step(nposMethod, { settings, draws });
    expect(first.values["edgeOutliers"]).toBe(0);
    const { values } = step(nposMethod, { settings, draws, state: first.state });
    expect(values["edgeFilled"]).toBe(1);
    expect(values["edgeOutliers"]).toBeGreaterThan(0);
    expectSlope(
      nposMethod,
      { edgeOutliers: 0.1 },
      {
        settings: { npos: { ...settings.npos, compactWeight: 0, disperseWeight: 0 } },
        draws,
        state: first.state,
      },
    );
  });
});
