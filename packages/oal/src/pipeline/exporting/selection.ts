/** A bundle with fewer detectors, or with another share of known pictures kept. */
import {
  float32Tensor,
  Graph,
  inline,
  oalError,
  recutDecision,
  type Cuts,
  type Decision,
  type ReadModel,
  type Value,
} from "oal-core";
import { isHead, type BundleFacts, type StoredDetector } from "../../bundle/facts.js";
import { storedDetector } from "../../bundle/index.js";

/** A graph with the outputs of a bundle, and what is said of it. */
export interface Assembled {
  readonly graph: Graph;
  readonly facts: BundleFacts;
}

/** What is taken over. */
export interface Selection {
  /** Ids of detectors. Default: all that the bundle holds. */
  readonly detectors?: readonly string[] | undefined;
  /** Share of known pictures to keep, in (0, 1). Default: the cuts stay. */
  readonly keep?: number | undefined;
}

/**
 * Takes over classifier, detectors and decisions. Where the detector that decides is not asked for, the first one asked for decides.
 *
 * @throws OAL-E214 for a detector that the bundle does not hold, OAL-E270 where the share cannot be promised with the stored
 *   calibration, OAL-E271 where the cuts are of classes
 */
export function selectFromBundle(
  model: ReadModel,
  facts: BundleFacts,
  { detectors, keep }: Selection,
): Assembled {
  const asked = detectors ?? facts.detectors.map(({ id }) => id);
  const decides = asked.includes(facts.decides) ? facts.decides : (asked[0] ?? facts.decides);
  const before = [...new Set(asked)].map((id) => storedDetector(facts, id));
  const after = before.map((each) => renamed(keep === undefined ? each : recut(each, keep), decides));
  const graph = new Graph();
  const [images] = model.graph.inputs;
  if (!images) throw oalError("OAL-X101", { problem: "a model without an input" });
  const substitutes = new Map<Value, Value>([[images, graph.input("images", images.type)]]);
  const outputs = new Map<string, Value>();
  const take = (from: string, to: string): void => {
    const value = model.graph.outputs.get(from);
    if (!value) throw oalError("OAL-X101", { problem: `a model file without the output ${from}` });
    outputs.set(to, value);
    graph.reserveOutput(to);
  };
  for (const name of ["label", "probabilities", "logits"]) take(name, name);
  if (model.graph.outputs.has("features")) take("features", "features");
  for (const name of model.graph.outputs.keys()) if (isHead(name)) take(name, name);
  before.forEach((each, index) => {
    const now = after[index];
    if (!now) return;
    take(each.outputs.score, now.outputs.score);
    take(each.outputs.pValue, now.outputs.pValue);
    take(each.outputs.known, now.outputs.known);
    if (each.outputs.ask !== undefined && now.outputs.ask !== undefined)
      take(each.outputs.ask, now.outputs.ask);
    if (keep !== undefined) substitutes.set(...replacedCut(graph, model, now.decision));
  });
  const copies = inline(graph, model.graph, substitutes, { wanted: outputs.values() });
  for (const [name, value] of outputs) {
    const copy = copies.get(value);
    if (copy) graph.output(name, copy);
  }
  return { graph, facts: { ...facts, decides, detectors: after } };
}

function recut(stored: StoredDetector, keep: number): StoredDetector {
  const { id, decision } = stored;
  const { perClass, ...common } = decision;
  const isCommon = ({ unknown, ask }: Cuts): boolean =>
    unknown === common.cuts.unknown && ask === common.cuts.ask;
  if (perClass?.every(isCommon) === false) throw oalError("OAL-E271", { detector: id, keep });
  const changed = recutDecision(common, keep);
  // Classes with too few pictures for cuts of their own all have the common one, before and after.
  if (changed)
    return {
      ...stored,
      decision: { ...changed, ...(perClass ? { perClass: perClass.map(() => changed.cuts) } : {}) },
    };
  throw oalError("OAL-E270", { detector: id, keep, count: decision.count });
}

function renamed(stored: StoredDetector, decides: string): StoredDetector {
  const { id, outputs } = stored;
  const nameOf = (name: string): string => (id === decides ? name : `${name}.${id}`);
  const ask = outputs.ask === undefined ? {} : { ask: nameOf("ask") };
  return {
    ...stored,
    outputs: { score: nameOf("score"), pValue: nameOf("pValue"), known: nameOf("known"), ...ask },
  };
}

/** The initialiser of a cut, and the one that takes its place under its name. */
function replacedCut(
  graph: Graph,
  { values }: ReadModel,
  { detector, cuts, perClass = [cuts] }: Decision,
): [Value, Value] {
  const name = `threshold.${detector}`;
  const value = values.get(name);
  if (!value) throw oalError("OAL-X101", { problem: `a model file without the initialiser ${name}` });
  return [
    value,
    graph.constant(
      float32Tensor(
        [perClass.length],
        perClass.map(({ unknown }) => unknown),
      ),
      name,
    ),
  ];
}
