/** What of a foreign graph is what: the values behind the facts. */
import { oalError, suggest } from "../errors/index.js";
import type { ReadModel } from "../graph/onnx/read.js";
import type { Value } from "../graph/value.js";
import type { MapFacts, ModelHints } from "./facts.js";
import { mapsOf } from "./maps.js";
import { findPictureInput, type FoundInput } from "./modelInput.js";
import { refusedKind } from "./refusedKind.js";
import { classesOf, layerBehind, scoresBehind, type LinearLayer, type Tail } from "./tail.js";
import { ancestorsOf, fileNames, isAverage, isShaping, Statics, typeOf } from "./walk.js";

/** The parts of a foreign model. */
export interface TracedModel {
  readonly input: FoundInput;
  /** Null for a feature extractor. */
  readonly tail: Tail | null;
  readonly features: TracedFeatures | null;
  readonly maps: readonly (MapFacts & { readonly at: Value })[];
  /** Trained heads that were named, by their names. */
  readonly heads: ReadonlyMap<string, Value>;
  readonly pooling: string | null;
  readonly statics: Statics;
  readonly evidence: readonly string[];
}

/** Where the features are. */
export interface TracedFeatures {
  /** One row of `width` numbers a picture, in whatever shape; a map when it is still to be averaged over the pixels. */
  readonly value: Value;
  readonly width: number;
  readonly isMap: boolean;
  /** Whether the last layer reads just these. */
  readonly isRead: boolean;
}

/**
 * Finds the parts of a classifier.
 *
 * @throws OAL-I146 for a model that is no classifier of pictures, OAL-I147 for names that the file does not have, OAL-I149
 */
export function traceModel(model: ReadModel, hints: ModelHints = {}): TracedModel {
  const input = findPictureInput(model, hints);
  const statics = new Statics();
  const evidence = [...input.evidence];
  const nameOf = fileNames(model);
  const tail = findTail(model, input.value, hints, statics, evidence);
  const features = findFeatures(model, tail, hints, evidence, nameOf);
  const end = features?.value ?? tail?.logits;
  const needed = end ? ancestorsOf(end) : new Set<Value>();
  refuseOtherInputs(model, input.value, tail?.logits ?? features?.value);
  const pooling = features ? poolingOf(features) : null;
  if (pooling !== null) evidence.push(`Features are ${pooling}.`);
  return {
    input,
    tail,
    features,
    maps: mapsOf(model.graph, needed, nameOf),
    heads: new Map(
      Object.entries(hints.heads ?? {}).map(([head, name]): [string, Value] => [
        head,
        named(model, name, "value for a trained head"),
      ]),
    ),
    pooling,
    statics,
    evidence,
  };
}

function named(model: ReadModel, name: string, what: string): Value {
  const value = model.values.get(name) ?? model.graph.outputs.get(name);
  if (value) return value;
  const known = [...model.graph.outputs.keys()];
  throw oalError("OAL-I147", { name, what, near: suggest(name, [...model.values.keys()]), known });
}

/** Of outputs whose scores are found, the one that looks most like those of classes. */
function findTail(
  model: ReadModel,
  input: Value,
  { logits, classes, features }: ModelHints,
  statics: Statics,
  evidence: string[],
): Tail | null {
  const isGiven = logits !== undefined;
  const outputs: readonly (readonly [string, Value])[] = isGiven
    ? [[logits, named(model, logits, "value for the class scores")]]
    : [...model.graph.outputs];
  const found = outputs.flatMap(([name, value]) => {
    const depth = ancestorsOf(value);
    if (!depth.has(input)) return [];
    const tail = tailOf(name, value, statics);
    if (!tail || (classes !== undefined && tail.classes !== classes)) return [];
    return [{ tail, rank: rankOf(tail, name) + (2 * depth.size) / model.graph.nodes.length }];
  });
  found.sort((a, b) => b.rank - a.rank);
  const [best] = found;
  if (!best) {
    if (classes !== undefined) {
      const counts = outputs
        .map(([name, value]) => `${name} has ${classesOf(value) ?? "no"} classes`)
        .join(", ");
      throw oalError("OAL-I148", { problem: `${classes} classes are asked for, but ${counts}` });
    }
    const refused = refusedKind(model);
    if (refused !== null && features === undefined) throw oalError("OAL-I146", { what: refused });
    return null;
  }
  const { tail } = best;
  // An output of features is no output of classes: a network without its last layer.
  if (!isGiven && classes === undefined && !tail.layer && tail.activation === null)
    if (isFeatureName(tail.output) || tail.isBare) return null;
  const refused = isGiven ? null : refusedKind(model, tail);
  if (refused !== null) throw oalError("OAL-I146", { what: refused });
  evidence.push(describeTail(tail, isGiven, fileNames(model)));
  return tail;
}

const isFeatureName = (name: string): boolean => /feat|embed|hidden|pool|repr|global/i.test(name);

function rankOf({ layer, activation, classes }: Tail, name: string): number {
  const words = /aux/i.test(name) ? -3 : /logit|prob|class|score|softmax|pred|output/i.test(name) ? 1 : 0;
  const isFeatures = isFeatureName(name) ? -4 : 0;
  return (layer ? 4 : 0) + (activation ? 4 : 0) + words + isFeatures + (classes > 1 ? 4 : 0);
}

function tailOf(output: string, value: Value, statics: Statics): Tail | null {
  const { logits: scores, activation } = scoresBehind(value);
  if (!scores.knownType || !/^(b?float|int32|int64|uint8|int8)/.test(scores.dtype)) return null;
  const classes = classesOf(scores);
  if (classes === null || (classes < 2 && activation !== "sigmoid")) return null;
  return { output, classes, activation, ...layerBehind(scores, classes, statics) };
}

function describeTail(
  { output, logits, classes, activation, layer }: Tail,
  isGiven: boolean,
  nameOf: (value: Value) => string,
): string {
  const name = nameOf(logits);
  const place = name === output ? output : `${name}, behind the output ${output}`;
  const seen = isGiven
    ? "as asked"
    : layer
      ? `the last ${typeOf(layer.node)} has ${classes} rows`
      : "by its shape";
  const after = activation === null ? "" : `; the file puts out their ${activation}`;
  return `Class scores of ${classes} classes are ${place} (${seen})${after}.`;
}

function findFeatures(
  model: ReadModel,
  tail: Tail | null,
  { features }: ModelHints,
  evidence: string[],
  nameOf: (value: Value) => string,
): TracedFeatures | null {
  const layer = tail?.layer ?? null;
  if (features !== undefined) {
    const value = named(model, features, "value for the features");
    const width = classesOf(value);
    if (width === null || width < 2)
      throw oalError("OAL-I147", {
        name: features,
        what: "value of one row of features a picture",
        near: undefined,
        known: [...model.graph.outputs.keys()],
      });
    evidence.push(`Features are ${features}, as asked.`);
    const isRead = layer !== null && width === layer.width && sameRows(value, layer.input);
    return { value, width, isMap: false, isRead };
  }
  if (layer && tail) {
    const isRow = classesOf(layer.input) === layer.width || layer.form !== "matmul";
    if (!isRow) return null;
    evidence.push(`Features of ${layer.width} numbers are ${nameOf(layer.input)}, which that layer reads.`);
    return { value: layer.input, width: layer.width, isMap: tail.isPooledAfter, isRead: true };
  }
  if (tail) {
    evidence.push(
      "Features are not found: no linear layer stands right before the class scores. Detectors of class scores only.",
    );
    return null;
  }
  return featuresOfExtractor(model, evidence);
}

/** A network without a last layer: the output with one row a picture, the one named as features first. */
function featuresOfExtractor(model: ReadModel, evidence: string[]): TracedFeatures {
  const rows = [...model.graph.outputs].flatMap(([name, value]) => {
    const width = classesOf(value);
    return width !== null && width > 1 ? [{ name, value, width }] : [];
  });
  const found = rows.find(({ name }) => isFeatureName(name)) ?? rows[0];
  if (!found)
    throw oalError("OAL-I146", { what: refusedKind(model) ?? "it puts out nothing with one row a picture" });
  evidence.push(
    `It has no layer of classes: a feature extractor, whose features of ${found.width} numbers are the output ${found.name}.`,
  );
  return { value: found.value, width: found.width, isMap: false, isRead: false };
}

/** Whether two values are one but for their shapes. */
function sameRows(a: Value, b: Value): boolean {
  const source = (value: Value): Value => {
    let at = value;
    for (let input = shapedFrom(at); input; input = shapedFrom(at)) at = input;
    return at;
  };
  return source(a) === source(b);
}

/** What a node gives another shape, of the same element type: half precision that is read as single leaves casts that do nothing. */
function shapedFrom({ node, knownType }: Value): Value | null {
  const [input] = node && isShaping(node) ? node.inputs : [];
  return input && (!node || typeOf(node) !== "Cast" || input.knownType?.dtype === knownType?.dtype)
    ? input
    : null;
}

/** Inputs beside the pictures that the classes depend on: the model cannot be run with pictures alone. */
function refuseOtherInputs(model: ReadModel, input: Value, end: Value | undefined): void {
  if (!end) return;
  const needed = ancestorsOf(end);
  const other = model.graph.inputs.find((value) => value !== input && needed.has(value));
  if (other)
    throw oalError("OAL-I149", {
      input: input.name,
      problem: `is not all that the model needs: ${other.name} (${other.dtype} [${other.dims.join(", ")}]) is another input`,
    });
}

/** How features come from maps or tokens, as far as it is seen. */
function poolingOf({ value, isMap }: TracedFeatures): string | null {
  if (isMap) return "means over the pixels";
  let at = value;
  for (let steps = 0; steps < 12; steps++) {
    const { node } = at;
    const [input] = node?.inputs ?? [];
    if (!node || !input) return null;
    const type = typeOf(node);
    if (isAverage(node))
      return input.knownType?.shape.length === 3 ? "means over the tokens" : "means over the pixels";
    if (type === "GlobalMaxPool" || type === "ReduceMax") return "largest values over the pixels";
    if ((type === "Gather" || type === "Slice") && input.knownType?.shape.length === 3)
      return "those of one token";
    if (type === "Conv") return null;
    at = input;
  }
  return null;
}

/** The layer of a tail whose features are known; null where the scores are no linear function of them. */
export function headOf({ tail, features }: Pick<TracedModel, "tail" | "features">): LinearLayer | null {
  return tail?.layer && tail.isLinear && features?.isRead === true ? tail.layer : null;
}
