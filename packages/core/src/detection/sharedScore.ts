/** Scores that a graph holds already: what asks for one again gets it, and not the same bank and the same comparisons once more. */
import type { Graph, Value } from "../graph/index.js";
import type { Fitted } from "./detector.js";
import type { SomeTaps } from "./inputs.js";
import type { ParameterValues } from "./parameters.js";

/** All that a score depends on, within its graph. */
export interface ScoreFacts {
  readonly detector: string;
  readonly taps: SomeTaps;
  readonly fitted: Fitted;
  readonly parameters: ParameterValues;
}

interface Held extends ScoreFacts {
  readonly score: Value;
}

const heldBy = new WeakMap<Graph, Held[]>();

/**
 * The score of a detector in a graph: the one that was made before of the same taps, tensors, rows and parameters, or a new one. A
 * combination of detectors asks for scores that stand beside it in the same file.
 */
export function sharedScore(graph: Graph, facts: ScoreFacts, make: () => Value): Value {
  const held = heldBy.get(graph) ?? [];
  const found = held.find((each) => isSame(each, facts));
  if (found) return found.score;
  const score = make();
  heldBy.set(graph, [...held, { ...facts, score }]);
  return score;
}

function isSame(held: ScoreFacts, asked: ScoreFacts): boolean {
  return (
    held.detector === asked.detector &&
    held.fitted.bank === asked.fitted.bank &&
    isAlike(held.taps, asked.taps) &&
    isAlike(held.fitted.tensors, asked.fitted.tensors) &&
    isAlike(held.parameters, asked.parameters)
  );
}

/** Whether two records hold the very same things. */
function isAlike(first: object, second: object): boolean {
  const [one, other] = [first, second].map((record) => new Map<string, unknown>(Object.entries(record)));
  return (
    one?.size === other?.size && [...(one ?? [])].every(([key, value]) => Object.is(other?.get(key), value))
  );
}
