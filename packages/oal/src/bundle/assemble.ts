/** A classifier with its detectors and decisions as one graph, and what is said of it. */
import {
  argMax,
  attachDecision,
  exposeTaps,
  oalError,
  softmax,
  type Classifier,
  type Decision,
  type FittedDetector,
  type Graph,
} from "oal-core";
import type { BundleFacts, StoredDetector } from "./facts.js";

/** A fitted detector with its decision. */
export interface DecidingDetector {
  readonly fitted: FittedDetector;
  readonly decision: Decision;
}

/** What becomes a bundle. */
export interface BundleContents extends Omit<BundleFacts, "detectors" | "input" | "selfTest"> {
  /** With no output marked yet; its graph becomes the bundle's. */
  readonly classifier: Classifier;
  /** The one that decides is among them. */
  readonly detectors: readonly DecidingDetector[];
}

/**
 * Marks the outputs of a bundle: "label" and "probabilities" (the class of the largest logit, and the softmax), "logits",
 * "features" where the model shows them, "heads.NAME" of its trained heads, and of every detector score, p value and "known": "score", "pValue", "known" of the one
 * that decides, "score.ID", "pValue.ID", "known.ID" of the others.
 *
 * @returns the classifier's graph, and the facts for its metadata
 * @throws OAL-E214 when the detector that decides is not among the detectors, OAL-E203 when the model does not show what one needs
 */
export function assembleBundle(contents: BundleContents): {
  readonly graph: Graph;
  readonly facts: BundleFacts;
} {
  const { classifier, detectors, ...facts } = contents;
  const { decides } = facts;
  const ids = detectors.map(({ fitted }) => fitted.detector.id);
  if (!ids.includes(decides)) throw oalError("OAL-E214", { detector: decides, known: ids });
  const { features, logits, heads = new Map<string, unknown>() } = classifier.taps;
  const graph = exposeTaps(classifier, [
    "logits",
    ...(features ? (["features"] as const) : []),
    ...Array.from(heads.keys(), (name) => `heads.${name}` as const),
  ]);
  graph.output("label", argMax(logits, 1));
  graph.output("probabilities", softmax(logits, 1));
  const stored = detectors.map((each) => attach(classifier, each, decides));
  const { crop } = facts.preprocessing;
  const input = { layout: "nchw", resizing: "outside", height: crop, width: crop } as const;
  return { graph, facts: { ...facts, input, detectors: stored } };
}

function attach(
  { graph, taps }: Classifier,
  { fitted: { detector, parameters, fitted }, decision }: DecidingDetector,
  decides: string,
): StoredDetector {
  const { id, title } = detector;
  const nameOf = (name: string): string => (id === decides ? name : `${name}.${id}`);
  const score = detector.score(graph, taps, fitted, parameters);
  const { known, pValue, ask } = attachDecision(score, taps.logits, decision);
  const outputs = {
    score: nameOf("score"),
    pValue: nameOf("pValue"),
    known: nameOf("known"),
    ...(ask ? { ask: nameOf("ask") } : {}),
  };
  graph.output(outputs.score, score);
  graph.output(outputs.pValue, pValue);
  graph.output(outputs.known, known);
  if (ask && outputs.ask !== undefined) graph.output(outputs.ask, ask);
  const jumps = detector.jumps ? { jumps: true as const } : {};
  return { id, title, parameters: { ...parameters }, decision, outputs, ...jumps };
}
