/** The decision in a graph says what `decide` says, of every score. */
import { describe, expect, it } from "vitest";
import { evaluateReference, float32Tensor, Graph, toNumbers } from "../graph/index.js";
import { Random } from "../random/index.js";
import { attachDecision, decide, makeDecision, type Decision } from "./index.js";

const random = new Random(4, "decision graph");

function inGraph(decision: Decision, scores: readonly number[], logits: readonly number[]): unknown[] {
  const graph = new Graph();
  const count = scores.length;
  const score = graph.input("score", { dtype: "float32", shape: [count] });
  const values = graph.input("logits", { dtype: "float32", shape: [count, 2] });
  const { known, ask, pValue } = attachDecision(score, values, decision);
  graph.output("known", known);
  graph.output("pValue", pValue);
  if (ask) graph.output("ask", ask);
  const feeds = { score: float32Tensor([count], scores), logits: float32Tensor([count, 2], logits) };
  const outputs = evaluateReference(graph, feeds);
  const of = (name: string): number[] => (outputs[name] ? toNumbers(outputs[name]) : []);
  return of("known").map((each, i) => ({
    known: each === 1,
    ask: of("ask")[i] === 1,
    pValue: of("pValue")[i],
  }));
}

const single = makeDecision(random.normals(0, 40), { detector: "ebo", target: 0.9, ask: 0.5 });
const many = makeDecision(random.normals(1, 3000), { detector: "ebo", target: 0.95 });

describe.each([
  ["with a cut for asking", single],
  ["of quantiles", many],
  ["with cuts per class", { ...single, perClass: [{ unknown: 0.5 }, { unknown: -1, ask: 0 }] }],
])("a decision %s", (_, decision) => {
  it("is the same in a graph", () => {
    const scores = [...random.normals(2, 50), ...decision.calibration.slice(0, 20), -9, 9, Infinity];
    const logits = scores.flatMap((_score, i) => [i % 2, 0.5]);
    const predicted = scores.map((_score, i) => (i % 2 === 1 ? 0 : 1));
    const said = scores.map((score, i) => decide(decision, score, predicted[i]));
    expect(inGraph(decision, scores, logits)).toEqual(
      said.map(({ known, ask, pValue }) => ({ known, ask, pValue: Math.fround(pValue) })),
    );
  });
});

it("a score that is no number is unknown", () => {
  expect(inGraph(single, [NaN], [0, 1])).toEqual([{ known: false, ask: false, pValue: Math.fround(1 / 41) }]);
});
