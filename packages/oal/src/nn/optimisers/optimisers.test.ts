/** Optimisers and schedules against torch.optim: each step by itself, from the stored state before it. */
import { describe, expect, it } from "vitest";
import { float32Tensor, Graph, identity, sizeOf, toNumbers, type Tensor } from "oal-core";
import { expectClose, type GoldenCase } from "../../testing/golden.js";
import { goldenSuite, unknownKind } from "../../testing/goldenSuite.js";
import { checkCase, hyperNumber, runGraph } from "../../testing/goldenProgram.js";
import { batchNormLayer } from "../layers/batchNorm.js";
import { crossEntropy, crossEntropyPerSample, softCrossEntropy } from "../losses/crossEntropy.js";
import { oneCycle } from "../schedules/oneCycle.js";
import { constant } from "../schedules/constant.js";
import { cosine } from "../schedules/cosine.js";
import { warmUp, type Schedule } from "../schedules/schedule.js";
import { triangular } from "../schedules/triangular.js";
import { clipByGlobalNorm, movingAverage } from "./clipping.js";
import { optimisers } from "./index.js";
import { required } from "./optimiser.js";
import { TrainingContext } from "../context.js";

const makeContext = (graph: Graph): TrainingContext => new TrainingContext(graph);

/** Entry `step` of a stacked tensor. */
function row(tensor: Tensor, step: number): Tensor {
  const shape = tensor.shape.slice(1);
  const size = sizeOf(shape);
  return float32Tensor(shape, toNumbers(tensor).slice(step * size, (step + 1) * size));
}

function hyperList(value: unknown, index: number): number {
  return Number(Array.isArray(value) ? value[index] : value);
}

function scheduleOf({ hyper }: GoldenCase): Schedule {
  if (hyper["schedule"] === "cosine-lambda")
    return cosine(Number(hyper["total_steps"]), Number(hyper["lr_min_factor"]));
  if (hyper["schedule"] !== "one-cycle") return constant(1);
  return oneCycle(Number(hyper["total_steps"]), {
    risingShare: Number(hyper["pct_start"]),
    startDivisor: Number(hyper["div_factor"]),
    endFactor: 1 / Number(hyper["div_factor"]) / Number(hyper["final_div_factor"]),
    shape: hyper["anneal_strategy"] === "cos" ? "cosine" : "linear",
    threePhases: hyper["three_phase"] === true,
    momentum:
      hyper["cycle_momentum"] === true
        ? [Number(hyper["base_momentum"]), Number(hyper["max_momentum"])]
        : null,
  });
}

async function checkOptimiser(golden: GoldenCase): Promise<void> {
  const { hyper } = golden;
  const kind = optimisers.find(String(hyper["optimizer"]));
  const betas = Array.isArray(hyper["betas"])
    ? { beta1: Number(hyper["betas"][0]), beta2: Number(hyper["betas"][1]), epsilon: Number(hyper["eps"]) }
    : {};
  const momentum = hyper["momentum"] === undefined ? {} : { momentum: Number(hyper["momentum"]) };
  const descent = { nesterov: hyper["nesterov"] === true, dampening: Number(hyper["dampening"] ?? 0) };
  const rule = kind.make(kind.id === "sgd" ? { ...momentum, ...descent } : betas);
  const schedule = scheduleOf(golden);
  const groups = Array.isArray(hyper["groups"]) ? hyper["groups"] : [];
  const names = groups.map((group: { params: readonly string[] }) => group.params);
  const graph = new Graph();
  const scalar = (name: string) => graph.input(name, { dtype: "float32", shape: [] });
  const own = Object.fromEntries(rule.scalarNames.map((name) => [name, scalar(name)]));
  names.forEach((group, index) => {
    const learningRate = scalar(`rate${index}`);
    for (const name of group) {
      const parameter = graph.input(name, golden.tensor(name, "parameter"));
      const gradient = graph.input(`${name}.grads`, parameter.type);
      const state = Object.fromEntries(
        rule.stateNames.map((part) => [part, graph.input(`${name}/${part}`, parameter.type)]),
      );
      const decay = hyperList(hyper["weight_decay"], index);
      const updated = rule.update(parameter, gradient, state, { learningRate, decay, own });
      graph.output(`${name}.after`, updated.parameter);
      for (const part of rule.stateNames)
        graph.output(`${name}/${part}.after`, required(updated.state, part));
    }
  });
  const rates: number[] = [];
  const momenta: number[] = [];
  const after = new Map<string, number[]>();
  let feeds: Record<string, Tensor> = {};
  for (const name of names.flat()) {
    const parameter = golden.tensor(name, "parameter");
    feeds[name] = parameter;
    for (const part of rule.stateNames)
      feeds[`${name}/${part}`] = float32Tensor(parameter.shape, new Float32Array(sizeOf(parameter.shape)));
  }
  for (let step = 0; step < hyperNumber(golden, "steps"); step++) {
    const point = schedule(step);
    const scalars = rule.scalarsAt(step, point.momentum);
    names.forEach((group, index) => {
      const rate = hyperList(hyper["lr"] ?? hyper["max_lr"], index) * point.factor;
      rates.push(rate);
      if (point.momentum !== undefined) momenta.push(point.momentum);
      feeds[`rate${index}`] = float32Tensor([], [rate]);
      for (const name of group) feeds[`${name}.grads`] = row(golden.tensor(`${name}.grads`), step);
    });
    for (const [name, value] of Object.entries(scalars)) feeds[name] = float32Tensor([], [value]);
    const results = await runGraph(graph, feeds);
    feeds = { ...feeds };
    for (const [name, tensor] of Object.entries(results)) {
      after.set(name, [...(after.get(name) ?? []), ...toNumbers(tensor)]);
      feeds[name.slice(0, -".after".length)] = tensor;
    }
  }
  expectClose(rates, golden.entry("lr", "output"));
  if (golden.has("momentum", "output")) expectClose(momenta, golden.entry("momentum", "output"));
  const stateNames = { momentum: "momentum_buffer", firstMoment: "exp_avg", secondMoment: "exp_avg_sq" };
  for (const name of names.flat()) {
    expectClose(after.get(`${name}.after`) ?? [], golden.entry(`${name}.after`));
    for (const [ours, theirs] of Object.entries(stateNames)) {
      if (golden.has(`${name}.${theirs}`))
        expectClose(after.get(`${name}/${ours}.after`) ?? [], golden.entry(`${name}.${theirs}`));
    }
  }
}

async function checkClipping(golden: GoldenCase): Promise<void> {
  const names = golden.tensors.filter(({ role }) => role === "input").map(({ name }) => name);
  await checkCase(golden, makeContext, ({ input }) => {
    const { clipped, norm } = clipByGlobalNorm(names.map(input), hyperNumber(golden, "max_norm"));
    return Object.fromEntries([
      ["total_norm", norm],
      ...names.map((name, i) => [`${name}.clipped`, clipped[i] ?? norm] as const),
    ]);
  });
}

async function checkRunningStatistics(golden: GoldenCase): Promise<void> {
  const fixed = golden.hyper["momentum"];
  await checkCase(golden, makeContext, ({ context, input }) => {
    const values: Record<string, ReturnType<typeof input>> = {};
    for (let batch = 1; batch <= hyperNumber(golden, "batches"); batch++) {
      const momentum = typeof fixed === "number" ? fixed : 1 / batch;
      values[`y${batch}`] = batchNormLayer(context, input(`x${batch}`), {
        momentum,
        epsilon: hyperNumber(golden, "eps"),
      });
      for (const buffer of ["running_mean", "running_var"]) {
        values[`${buffer}.after${batch}`] = identity(
          context.bufferUpdates.get(buffer) ?? context.values(buffer),
        );
      }
    }
    values["y_eval"] = batchNormLayer(context.frozenStatistics(), input("x_eval"), {
      epsilon: hyperNumber(golden, "eps"),
    });
    return values;
  });
}

async function checkCrossEntropy(golden: GoldenCase): Promise<void> {
  await checkCase(golden, makeContext, ({ input }) => {
    if (golden.has("targets")) return { loss: softCrossEntropy(input("logits"), input("targets")) };
    const smoothing = hyperNumber(golden, "label_smoothing");
    const [logits, labels] = [input("logits"), input("labels")];
    return {
      loss: crossEntropy(logits, labels, smoothing),
      per_sample: crossEntropyPerSample(logits, labels, smoothing),
    };
  });
}

/** EMA (row 0 of the weights is the start) and SWA (the first update copies: decay 0 / 1). */
async function checkAverage(golden: GoldenCase): Promise<void> {
  const fixed = golden.hyper["decay"];
  const weights = golden.tensor("weights");
  const graph = new Graph();
  const first = graph.constant(row(weights, 0));
  let average = first;
  for (let step = 0; step < hyperNumber(golden, "steps"); step++) {
    const current = graph.constant(row(weights, typeof fixed === "number" ? step + 1 : step));
    average = movingAverage(average, current, typeof fixed === "number" ? fixed : step / (step + 1));
    graph.output(`step${step}`, average);
  }
  const results = await runGraph(graph, {});
  expectClose(
    Array.from(graph.outputs.keys()).flatMap((name) => toNumbers(required(results, name))),
    golden.entry(golden.has("ema") ? "ema" : "average"),
  );
}

function checkCosine(golden: GoldenCase): void {
  const top = hyperNumber(golden, "lr_max");
  const schedule = cosine(hyperNumber(golden, "total_steps"), hyperNumber(golden, "lr_min") / top);
  const { shape } = golden.entry("factor");
  const factors = Array.from({ length: shape[0] ?? 0 }, (_, step) => top * schedule(step).factor);
  expectClose(factors, golden.entry("factor"));
}

goldenSuite("optim", {
  check: (golden) => {
    if (golden.hyper["optimizer"] !== undefined) return checkOptimiser(golden);
    if (golden.has("factor")) return checkCosine(golden);
    if (golden.has("total_norm")) return checkClipping(golden);
    if (golden.has("running_mean")) return checkRunningStatistics(golden);
    if (golden.has("logits")) return checkCrossEntropy(golden);
    if (golden.has("ema") || golden.has("average")) return checkAverage(golden);
    return unknownKind(golden);
  },
});

describe("schedules", () => {
  it("the triangle rises to 1 and falls to its end", () => {
    const schedule = triangular(100, { start: 0.2, end: 0.07, peak: 0.23 });
    expect([0, 23, 100].map((step) => schedule(step).factor)).toEqual([0.2, 1, expect.closeTo(0.07, 12)]);
    expect(schedule(11.5).factor).toBeCloseTo(0.6, 12);
  });
  it("warm-up rises to the inner schedule", () => {
    const schedule = warmUp(3, constant(2));
    expect([0, 1, 2, 3].map((step) => schedule(step).factor)).toEqual([0.5, 1, 1.5, 2]);
  });
});
