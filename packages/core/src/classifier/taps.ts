/**
 * A classifier as everyone sees it: a graph and the values in it that have a meaning. Detectors, export and reports ask for
 * taps by name; whether the graph was built here or read from a file of someone else makes no difference to them.
 */
import { expectArguments, kind, kinds, oalError } from "../errors/index.js";
import { aGraph, type Graph, Value } from "../graph/value.js";

/** A linear last layer: logits = features W^T + b. */
export interface Head {
  /** W, float32 [C, d]. */
  readonly weight: Value;
  /** b, float32 [C]; zeros where the layer has none. */
  readonly bias: Value;
  /** The layer on other features, float32 [N, d], of the same graph; gives logits [N, C]. */
  apply(features: Value): Value;
}

/** The values of a classifier that have a name. */
export interface Taps {
  /** uint8 [N, 3, H, W], planes of 8-bit RGB values: the graph's input. */
  readonly images: Value;
  /**
   * The images as the network takes them, float32 [N, 3, H, W]: after normalisation. What input gradients are taken by; for a model
   * fed with floats, `images`. Absent where it is not found.
   */
  readonly input?: Value;
  /** float32 [N, C], unnormalised class scores; an inner value where the model gives probabilities only. */
  readonly logits: Value;
  /** float32 [N, d], what the last layer reads; absent where a model shows none. */
  readonly features?: Value;
  /** The last layer; absent where it is not linear, or not found. */
  readonly head?: Head;
  /** Feature maps float32 [N, channels, h, w] by name, in the order of computation. */
  readonly maps: ReadonlyMap<string, Value>;
  /**
   * Trained heads beside the last layer by name, float32 [N, k]: a confidence, a logit for "none of the classes", four turns. Only models
   * whose training made one have any.
   */
  readonly heads?: ReadonlyMap<string, Value>;
}

/** What a tap is called; "maps" are all feature maps together. */
export type TapName =
  "images" | "logits" | "features" | "head" | "maps" | `maps.${string}` | `heads.${string}`;

/** A graph with parameters inside and its taps. */
export interface Classifier {
  readonly graph: Graph;
  readonly taps: Taps;
}

/** Whether a string has the form of a tap's name. */
export function isTapName(name: string): name is TapName {
  expectArguments("isTapName", { name: [name, kinds.text] });
  return ["images", "logits", "features", "head", "maps"].includes(name) || /^(maps|heads)\../.test(name);
}

/** The names of the taps that a classifier has; every map by its own name, not all of them as "maps". */
export function tapNames(taps: Taps): TapName[] {
  expectArguments("tapNames", { taps: [taps, someTaps] });
  const { features, head, maps, heads = new Map<string, Value>() } = taps;
  return [
    "images",
    "logits",
    ...(features ? (["features"] as const) : []),
    ...(head ? (["head"] as const) : []),
    ...[...maps.keys()].map((name) => `maps.${name}` as const),
    ...[...heads.keys()].map((name) => `heads.${name}` as const),
  ];
}

/**
 * The value of a tap. A head and all maps together are no value: they are taken from the taps themselves.
 *
 * @throws OAL-E213 for one that this classifier does not have
 */
export function tapValue(taps: Taps, name: Exclude<TapName, "head" | "maps">): Value {
  expectArguments("tapValue", { taps: [taps, someTaps], name: [name, kinds.text] });
  const { images, logits, features, maps, heads } = taps;
  const found =
    name === "images"
      ? images
      : name === "logits"
        ? logits
        : name === "features"
          ? features
          : name.startsWith("heads.")
            ? heads?.get(name.slice("heads.".length))
            : maps.get(name.slice("maps.".length));
  if (found) return found;
  throw oalError("OAL-E213", { tap: name, known: tapNames(taps) });
}

/**
 * Marks taps as outputs of the graph, under their names.
 *
 * @throws OAL-E213 for a tap that this classifier does not have, OAL-G110 for one that is marked already
 * @example engine.compile(exposeTaps(classifier, ["logits", "features"]))
 */
export function exposeTaps(
  classifier: Classifier,
  names: readonly Exclude<TapName, "head" | "maps">[],
): Graph {
  expectArguments("exposeTaps", {
    classifier: [classifier, aClassifier],
    names: [names, kinds.listOf(kinds.text)],
  });
  for (const name of names) classifier.graph.output(name, tapValue(classifier.taps, name));
  return classifier.graph;
}

const isValue = kind("a value of a graph", (value) => value instanceof Value);
const isMap = kind("a Map", (value) => value instanceof Map);
const someTaps = kinds.fields({
  images: isValue,
  input: kinds.optional(isValue),
  logits: isValue,
  features: kinds.optional(isValue),
  maps: isMap,
  heads: kinds.optional(isMap),
});

/** A classifier as an argument. */
export const aClassifier = kinds.fields({ graph: aGraph, taps: someTaps });
