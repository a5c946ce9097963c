/** The loss of a classifier's training step as a graph: the network on everything that is shown, then the methods' terms. */
import { concat, normaliseImages, oalError, slice, type Normalisation, type Value } from "oal-core";
import type { TrainingContext } from "../nn/context.js";
import { networks } from "../nn/networks/index.js";
import type { Batch, ByName, NetworkTaps } from "./methods/inputs.js";
import type { MethodSettings, TrainingMethod } from "./methods/method.js";
import { scaledWeight, weightedSum } from "./methods/terms.js";
import { headOutputs, type NetworkChoice } from "./network.js";
import type { WeightedMethod } from "./recipes/recipe.js";
import type { SideNetwork } from "./side/sideData.js";
import type { LossTerms } from "./task.js";

/** Prefix of the network's parameter names in a training. */
export const networkPrefix = "network";

/** What a loss is made of. */
export interface LossOptions {
  readonly network: NetworkChoice;
  readonly normalisation: Normalisation;
  readonly methods: readonly WeightedMethod[];
  readonly settings: MethodSettings;
  /** Networks that are evaluated inside the step. */
  readonly sideNetworks: readonly SideNetwork[];
}

/** The input that holds one of a method's draws. */
export function drawName(method: TrainingMethod, name: string): string {
  return `${method.id}.${name}`;
}

/**
 * Builds the loss.
 *
 * @param inputs the batch tensors of the step by name
 * @throws OAL-T110 when a method asks for side data that it did not say it needs
 */
export function classifierLoss(
  context: TrainingContext,
  inputs: Readonly<Record<string, Value>>,
  options: LossOptions,
): LossTerms {
  const { network, normalisation, settings } = options;
  const { classes } = network.options;
  const methods = options.methods.map(({ method }) => method);
  const normalised = (name: string): Value => normaliseImages(required(inputs[name], name), normalisation);
  const computed = new Map<string, Value>();
  const sideOf = (method: TrainingMethod): ByName<Value> => {
    const needs = method.needs(settings);
    return declared(method, needs, (name) => inputs[name] ?? computed.get(name));
  };

  let batch: Batch = { images: normalised("images"), labels: required(inputs["labels"], "labels") };
  for (const method of methods) {
    const draws: ByName<Value> = (name) => required(inputs[drawName(method, name)], name);
    if (method.batch) batch = method.batch({ ...batch, classes, draws, side: sideOf(method) }, settings);
  }
  const shownNames = [...new Set(methods.flatMap((method) => method.shows(settings)))];
  const pictures = new Map([
    ["", batch.images],
    ...shownNames.map((name) => [name, normalised(name)] as const),
  ]);
  const part = context.child(networkPrefix);
  const taps = tapsOf(pictures, (images) => networks.find(network.id).build(part, images, network.options));
  for (const side of options.sideNetworks) {
    const images =
      side.pictures === null ? batch.images : (pictures.get(side.pictures) ?? normalised(side.pictures));
    for (const [name, value] of Object.entries(side.build(context.graph, images))) computed.set(name, value);
  }

  const own = taps("");
  const terms = options.methods.flatMap(({ method, weight }) => {
    const outputs = headOutputs(method, part, own, classes, settings);
    const made = method.build(
      {
        context,
        classes,
        labels: batch.labels,
        ...own,
        side: sideOf(method),
        shown: declared(method, method.shows(settings), taps),
        outputs: declared(method, Object.keys(outputs), (name) => outputs[name]),
      },
      settings,
    );
    return made.map((term) => ({ ...term, weight: scaledWeight(term.weight, weight) }));
  });
  const names = terms.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw oalError("OAL-T113", { method: "of the recipe", term: twice, problem: "is another method's too" });
  const total = weightedSum(terms);
  if (!total)
    throw oalError("OAL-T113", {
      method: "of the recipe",
      term: "total",
      problem: "has no part with a weight",
    });
  return { total, terms: Object.fromEntries(terms.map(({ name, value }) => [name, value])) };
}

/** One pass of all pictures through the network, taken apart again; normalisation sees them together. */
function tapsOf(
  pictures: ReadonlyMap<string, Value>,
  network: (images: Value) => NetworkTaps,
): ByName<NetworkTaps> {
  const all = [...pictures.values()];
  const [first] = all;
  const joint = network(all.length === 1 && first ? first : concat(all, 0));
  const found = new Map<string, NetworkTaps>();
  let start = 0;
  for (const [name, { shape }] of pictures) {
    const end = start + (shape[0] ?? 0);
    const [from, to] = [start, end];
    const cut = (value: Value): Value => (all.length === 1 ? value : slice(value, [from], [to], [0]));
    found.set(name, { logits: cut(joint.logits), features: cut(joint.features) });
    start = end;
  }
  return (name) => {
    const taps = found.get(name);
    if (!taps) throw oalError("OAL-X101", { problem: `pictures ${name} were not shown` });
    return taps;
  };
}

/** A look-up that refuses what was not declared. */
function declared<T>(
  method: TrainingMethod,
  names: readonly string[],
  find: (name: string) => T | undefined,
): ByName<T> {
  return (name) => {
    const found = names.includes(name) ? find(name) : undefined;
    if (found === undefined) throw oalError("OAL-T110", { method: method.id, need: name });
    return found;
  };
}

function required(value: Value | undefined, name: string): Value {
  if (!value) throw oalError("OAL-X101", { problem: `input ${name} was not declared` });
  return value;
}
