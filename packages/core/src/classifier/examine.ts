/** Examining a model of someone else: what it takes, what it gives, what of it a detector can use. */
import { expectArguments, kind, kinds } from "../errors/index.js";
import type { ReadModel } from "../graph/onnx/read.js";
import { aGraph, type Graph, type Value } from "../graph/value.js";
import { sizeOf } from "../graph/tensor.js";
import type { HeadFacts, LogitsFacts, ModelFacts, ModelHints, ModelInput, OperatorFacts } from "./facts.js";
import { isTrainingForm } from "./inferenceForm.js";
import { preprocessingBehind } from "./innerPreprocessing.js";
import { findPictureInput } from "./modelInput.js";
import type { LinearLayer, Tail } from "./tail.js";
import { headOf, traceModel } from "./trace.js";
import { fileNames, readersOf, typeOf } from "./walk.js";

const aMap = kind("a Map", (value) => value instanceof Map);

/** A read model as an argument. */
export const aReadModel = kinds.fields({ graph: aGraph, values: aMap, opaque: kinds.listOf(kinds.record) });

/** Hints as an argument. */
export const someHints = kinds.fields({
  images: kinds.optional(kinds.name),
  logits: kinds.optional(kinds.name),
  features: kinds.optional(kinds.name),
  heads: kinds.optional(kinds.textRecord),
  classes: kinds.optional(kinds.positiveCount),
});

/**
 * The input of a model that takes pictures: all that must be known before a size is chosen where the file leaves it open.
 *
 * @throws OAL-I146, OAL-I147, OAL-I149 as `examineModel`
 * @example const { height } = examineInput(readModel(bytes)); // null: open
 */
export function examineInput(model: ReadModel, hints: ModelHints = {}): ModelInput {
  expectArguments("examineInput", { model: [model, aReadModel], hints: [hints, someHints] });
  return findPictureInput(model, hints).facts;
}

/**
 * Finds out what a model is: the input that takes pictures, the class scores, the penultimate features, the last layer. Nothing is
 * computed: all of it is read from the graph.
 *
 * @throws OAL-I146 for a model that is no classifier of pictures, saying what it is, OAL-I147 for a name that it does not have, OAL-I148
 *   for another number of classes than asked for, OAL-I149 for pictures that it takes otherwise
 * @example const facts = examineModel(readModel(bytes)); console.log(facts.evidence.join("\n"));
 */
export function examineModel(model: ReadModel, hints: ModelHints = {}): ModelFacts {
  expectArguments("examineModel", { model: [model, aReadModel], hints: [hints, someHints] });
  const traced = traceModel(model, hints);
  const { input, tail, features, maps, pooling, statics } = traced;
  const { arithmetic: preprocessingInside } = preprocessingBehind(
    input.value,
    input.facts.channels,
    readersOf(model.graph),
    statics,
  );
  const layer = headOf(traced);
  const isTraining = isTrainingForm(model.graph);
  const nameOf = fileNames(model);
  return {
    input: input.facts,
    logits: tail && logitsFacts(tail, nameOf),
    features: features && { value: nameOf(features.value), width: features.width },
    head: layer && headFacts(layer, nameOf),
    maps: maps.map(({ at: _at, ...facts }) => facts),
    parameters: parametersOf(model.graph),
    operators: operatorsOf(model),
    pooling,
    preprocessingInside,
    isTrainingForm: isTraining,
    hints,
    evidence: isTraining
      ? [
          ...traced.evidence,
          "The file is in training form; the classifier normalises by the statistics that it keeps.",
        ]
      : traced.evidence,
  };
}

function logitsFacts(
  { logits, output, classes, activation }: Tail,
  nameOf: (value: Value) => string,
): LogitsFacts {
  // One sigmoid tells two classes.
  return {
    value: nameOf(logits),
    output,
    classes: Math.max(2, classes),
    activation,
    probabilities: activation !== null,
  };
}

function headFacts({ node, form, weight, bias }: LinearLayer, nameOf: (value: Value) => string): HeadFacts {
  const transposed = form === "matmul" || (form === "gemm" && node.attributes["transB"] !== 1);
  return { operator: typeOf(node), weight: nameOf(weight), bias: bias && nameOf(bias), transposed };
}

function parametersOf({ constants }: Graph): number {
  return constants.reduce(
    (sum, { constant }) =>
      sum + (constant && /float|^u?int8$/.test(constant.dtype) ? sizeOf(constant.shape) : 0),
    0,
  );
}

function operatorsOf({ graph, opaque }: ReadModel): OperatorFacts[] {
  const reasons = new Map(opaque.map(({ node, reason }) => [node, reason]));
  const counts = new Map<string, { count: number; differentiable: boolean; opaque: string | null }>();
  for (const node of graph.nodes) {
    const domain = node.operator.domain;
    const type = domain === undefined ? typeOf(node) : `${domain}.${typeOf(node)}`;
    const reason = reasons.get(node) ?? null;
    const before = counts.get(type);
    counts.set(type, {
      count: (before?.count ?? 0) + 1,
      differentiable: (before?.differentiable ?? true) && node.operator.gradient !== "none",
      opaque: before?.opaque ?? reason,
    });
  }
  return [...counts]
    .map(([type, facts]) => ({ type, ...facts }))
    .sort((a, b) => b.count - a.count || (a.type < b.type ? -1 : 1));
}
