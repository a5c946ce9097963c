/** One step of each optimiser by its formula, from a state that is not zero. */
import { evaluateReference, float32Tensor, Graph, toNumbers, type Tensor } from "oal-core";
import { describe, expect, it } from "vitest";
import { clipByGlobalNorm, movingAverage } from "./clipping.js";
import { optimisers } from "./index.js";

const [weight, slope, rate, decay] = [2, 0.5, 0.1, 0.01];

/** The parameter and state after step `step` with a momentum that a schedule asks for. */
function after(
  id: string,
  options: Readonly<Record<string, unknown>>,
  state: Readonly<Record<string, number>>,
  step: number,
  momentum?: number,
): Record<string, number> {
  const optimiser = optimisers.find(id).make(options);
  const graph = new Graph();
  const feeds: Record<string, Tensor> = {};
  const input = (name: string, value: number) => {
    feeds[name] = float32Tensor([], [value]);
    return graph.input(name, feeds[name]);
  };
  const scalars = Object.entries(optimiser.scalarsAt(step, momentum));
  const updated = optimiser.update(
    input("weight", weight),
    input("slope", slope),
    Object.fromEntries(optimiser.stateNames.map((name) => [name, input(name, state[name] ?? 0)])),
    {
      learningRate: input("rate", rate),
      decay,
      own: Object.fromEntries(scalars.map(([name, value]) => [name, input(`own ${name}`, value)])),
    },
  );
  graph.output("weight after", updated.parameter);
  for (const [name, value] of Object.entries(updated.state)) graph.output(`${name} after`, value);
  const results = evaluateReference(graph, feeds);
  return Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => [
      name.replace(" after", ""),
      toNumbers(tensor)[0] ?? NaN,
    ]),
  );
}

describe("SGD", () => {
  const direction = slope + decay * weight;
  const buffer = 0.8 * 3 + direction;

  it("without Nesterov steps along its buffer, with it along gradient plus buffer", () => {
    const state = { momentum: 3 };
    const plain = after("sgd", { momentum: 0.8, nesterov: false }, state, 5);
    expect(plain["momentum"]).toBeCloseTo(buffer, 5);
    expect(plain["weight"]).toBeCloseTo(weight - rate * buffer, 5);
    const ahead = after("sgd", { momentum: 0.8, nesterov: true }, state, 5);
    expect(ahead["momentum"]).toBeCloseTo(buffer, 5);
    expect(ahead["weight"]).toBeCloseTo(weight - rate * (direction + 0.8 * buffer), 5);
  });

  it("takes the momentum of the schedule", () => {
    const state = after("sgd", { momentum: 0.8, nesterov: false }, { momentum: 3 }, 5, 0.5);
    expect(state["momentum"]).toBeCloseTo(0.5 * 3 + direction, 5);
  });
});

describe("Adam", () => {
  const state = { firstMoment: 0.2, secondMoment: 0.09 };
  /** The weight after step 3 (the fourth), and the moments. */
  const expected = (beta1: number, coupled: boolean): [number, number] => {
    const gradient = coupled ? slope + decay * weight : slope;
    const first = beta1 * 0.2 + (1 - beta1) * gradient;
    const second = 0.99 * 0.09 + 0.01 * gradient ** 2;
    const scale = Math.sqrt(second / (1 - 0.99 ** 4)) + 1e-8;
    const shrunk = coupled ? weight : weight * (1 - rate * decay);
    return [shrunk - (rate * (first / (1 - beta1 ** 4))) / scale, first];
  };

  it.each([
    ["adam", undefined],
    ["adamw", undefined],
    ["adam", 0.6],
    ["adamw", 0.6],
  ] as const)("%s with a momentum from the schedule of %s", (id, momentum) => {
    const got = after(id, { beta1: 0.9, beta2: 0.99 }, state, 3, momentum);
    const [parameter, first] = expected(momentum ?? 0.9, id === "adam");
    expect(got["firstMoment"]).toBeCloseTo(first, 5);
    expect(got["weight"]).toBeCloseTo(parameter, 5);
  });
});

describe("all gradients or weights together", () => {
  function values(build: (graph: Graph) => Record<string, ReturnType<typeof movingAverage>>): number[][] {
    const graph = new Graph();
    for (const [name, value] of Object.entries(build(graph))) graph.output(name, value);
    return Object.values(evaluateReference(graph, {})).map(toNumbers);
  }

  it("clipping shrinks to the bound, never grows, and divides by norm + 1e-6", () => {
    const clipped = (bound: number, ...gradients: number[][]): number[][] =>
      values((graph) => {
        const all = gradients.map((data) => graph.constant(float32Tensor([data.length], data)));
        return Object.fromEntries(clipByGlobalNorm(all, bound).clipped.map((value, i) => [`g${i}`, value]));
      });
    const near = (rows: number[][]): unknown[] =>
      rows.map((row) => row.map((value): unknown => expect.closeTo(value, 6)));
    expect(clipped(1, [3, 0], [4])).toEqual(near([[0.6, 0], [0.8]]));
    expect(clipped(10, [3, 0], [4])).toEqual(near([[3, 0], [4]]));
    // norm 1e-6: half of it is left; and no gradient at all stays none instead of becoming NaN.
    expect(clipped(1e-6, [1e-6])).toEqual([[expect.closeTo(0.5e-6, 9)]]);
    expect(clipped(1, [0, 0])).toEqual([[0, 0]]);
  });

  it("a moving average keeps `decay` of the old", () => {
    const [average] = values((graph) => ({
      y: movingAverage(graph.scalar(10), graph.scalar(20), 0.9),
    }));
    expect(average).toEqual([expect.closeTo(11, 5)]);
  });
});
