/** What a detector computes from: the taps it named, as values of the graph it is built in. */
import { kind, oalError } from "../errors/index.js";
import type { Graph, Tensor, Value } from "../graph/index.js";
import { isTapName, type Head, type TapName, type Taps } from "../classifier/taps.js";
import { replay } from "./replay.js";

/** The name of a tap as an argument. */
export const aTapName = kind(
  '"images", "logits", "features", "head", "maps", "maps.X" or "heads.X"',
  (name) => typeof name === "string" && isTapName(name),
);

/** The tap "images", for detectors that look at pixels or move the input. */
export interface ImagesTap {
  /** As they are fed, uint8 [N, 3, H, W]. */
  readonly pixels: Value;
  /** As the network takes them, float32 [N, 3, H, W]: what `gradients` can be taken by. */
  readonly input: Value;
  /**
   * The model on another input with the same weights: gives the counterpart of any value that depends on `input`.
   *
   * @example const moved = images.at(sub(images.input, mul(sign(gradient), 0.01))); const logitsThere = moved(logits);
   */
  at(input: Value): (value: Value) => Value;
}

/** What a tap is to a detector. */
export type TapValue<Name extends TapName> = Name extends "images"
  ? ImagesTap
  : Name extends "head"
    ? Head
    : Name extends "maps"
      ? ReadonlyMap<string, Value>
      : Value;

/** The taps a detector named, and its fitted tensors. */
export type DetectorInputs<Needs extends TapName, Fitted extends string> = {
  readonly [Name in Needs]: TapValue<Name>;
} & { readonly fitted: Readonly<Record<Fitted, Value>> };

/** Some taps of a model; a graph over stored outputs has no images and no maps. */
export type SomeTaps = { readonly [Name in keyof Taps]?: Taps[Name] | undefined };

/**
 * The inputs of a detector from the taps there are.
 *
 * @throws OAL-E203 naming the taps or fitted tensors that are missing
 */
export function detectorInputs<Needs extends TapName, Fitted extends string>(
  detector: string,
  needs: readonly Needs[],
  taps: SomeTaps,
  fittedNames: readonly Fitted[],
  fitted: Readonly<Record<string, Value>>,
): DetectorInputs<Needs, Fitted> {
  const available: Record<string, ImagesTap | Head | Value | ReadonlyMap<string, Value>> = {};
  const { images, input, logits, features, head, maps, heads } = taps;
  if (images && input)
    available["images"] = { pixels: images, input, at: (moved) => replay(new Map([[input, moved]])) };
  if (logits) available["logits"] = logits;
  if (features) available["features"] = features;
  if (head) available["head"] = head;
  if (maps && maps.size > 0) available["maps"] = maps;
  for (const [name, map] of maps ?? []) available[`maps.${name}`] = map;
  for (const [name, value] of heads ?? []) available[`heads.${name}`] = value;
  if (!hasAll(fitted, fittedNames)) throw missing(detector, fittedNames, fitted);
  if (!hasTaps(available, needs)) throw missing(detector, needs, available);
  return { ...available, fitted };
}

/** Whether a record has all of the keys; a checked narrowing of its type. */
export function hasAll<Key extends string, T>(
  record: Readonly<Record<string, T>>,
  keys: readonly Key[],
): record is Readonly<Record<Key, T>> {
  return keys.every((key) => record[key] !== undefined);
}

/** `detectorInputs` puts an images tap under "images" and a head under "head", so presence is all there is to check. */
function hasTaps<Needs extends TapName>(
  record: Readonly<Record<string, unknown>>,
  needs: readonly Needs[],
): record is { readonly [Name in Needs]: TapValue<Name> } {
  return needs.every((name) => record[name] !== undefined);
}

function missing(
  detector: string,
  wanted: readonly string[],
  present: Readonly<Record<string, unknown>>,
): Error {
  const absent = wanted.filter((name) => present[name] === undefined);
  const head = absent.find((name) => name.startsWith("heads."));
  if (head !== undefined) return oalError("OAL-T142", { detector, head: head.slice("heads.".length) });
  return oalError("OAL-E203", { detector, needs: absent.join(" and ") });
}

/** Fitted tensors as constants of a graph. */
export function fittedConstants(
  graph: Graph,
  id: string,
  tensors: Readonly<Record<string, Tensor>>,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, graph.constant(tensor, `${id}.${name}`)]),
  );
}
