/** A network, by name or as it was read, with its options and the heads that training methods gave it. */
import { oalError, type Value } from "oal-core";
import type { Context } from "../nn/context.js";
import { networks } from "../nn/networks/index.js";
import type { ImportedNetwork } from "../nn/imported/index.js";
import type { Network, NetworkOptions, NetworkOutputs } from "../nn/networks/network.js";
import { trainingMethods } from "./methods/index.js";
import type { NetworkTaps } from "./methods/inputs.js";
import type { MethodSettings, TrainingMethod } from "./methods/method.js";

/** A network as data, but for one that was read from a file. */
export interface NetworkChoice {
  readonly id: string;
  readonly options: NetworkOptions;
  /** The network itself, where it was read; absent: the registered one of this id. */
  readonly imported?: ImportedNetwork;
  /** Methods that say what the logits of the finished model are, or whose heads it keeps, in order. */
  readonly heads?: readonly HeadChoice[];
}

/** A method whose heads belong to the model. */
export interface HeadChoice {
  /** Id of the training method. */
  readonly method: string;
  readonly settings: MethodSettings;
}

/** Prefix of the network's parameter names in a training. */
export const networkPrefix = "network";

/** The network of a choice. @throws OAL-C204 for one that does not exist */
export function networkOf({ id, imported }: Pick<NetworkChoice, "id" | "imported">): Network {
  return imported ?? networks.find(id);
}

/** The context of a method's heads inside a network's. */
const headsOf = (context: Context, method: TrainingMethod): Context =>
  context.child("heads").child(method.id);

/** What a method's heads say of a network's outputs; nothing for a method without heads. */
export function headOutputs(
  method: TrainingMethod,
  context: Context,
  { logits, features }: NetworkTaps,
  classes: number,
  settings: MethodSettings,
): Readonly<Record<string, Value>> {
  if (!method.outputs) return {};
  return method.outputs({ context: headsOf(context, method), logits, features, classes }, settings);
}

/** What an exported network gives: also the heads that its methods keep, by their names. */
export interface FinishedOutputs extends NetworkOutputs {
  readonly heads?: ReadonlyMap<string, Value>;
}

/** The choices of those methods that the finished model knows of: they say what its logits are, or it keeps their heads. */
export function finishedHeads(
  methods: readonly TrainingMethod[],
  settings: MethodSettings,
): readonly HeadChoice[] {
  return methods
    .filter((method) => method.inference ?? (method.heads?.(settings) ?? []).length > 0)
    .map(({ id }) => ({ method: id, settings }));
}

/**
 * The network as it is exported: its logits are what its methods say they are, and it has the heads that they keep.
 *
 * @param context where the network's parameters are; heads lie below `heads.METHOD`
 * @param images float32 [N, channels, H, W], normalised
 * @throws OAL-C204 for a network or method that does not exist, OAL-T143 for a head that is not as declared
 */
export function buildForInference(context: Context, images: Value, choice: NetworkChoice): FinishedOutputs {
  const built = networkOf(choice).build(context, images, choice.options);
  if (choice.heads === undefined) return built;
  const { head: own, ...rest } = built;
  let { logits } = built;
  let head = own;
  const heads = new Map<string, Value>();
  for (const { method: id, settings } of choice.heads) {
    const method = trainingMethods.find(id);
    const taps = { logits, features: built.features };
    const outputs = headOutputs(method, context, taps, choice.options.classes, settings);
    for (const name of method.heads?.(settings) ?? []) {
      if (heads.has(name))
        throw oalError("OAL-T143", { method: id, head: name, problem: "is another method's too" });
      heads.set(name, keptHead(id, name, outputs[name]));
    }
    const said = method.inference?.({ ...taps, outputs, ...(own ? { head: own } : {}) }, settings);
    // logits without a layer are no longer those of the network's last one
    if (said) ({ logits, head } = "head" in said ? said : { logits: said, head: undefined });
  }
  return {
    ...rest,
    logits,
    ...(head ? { head } : {}),
    ...(heads.size === 0 ? {} : { heads }),
  };
}

function keptHead(method: string, head: string, value: Value | undefined): Value {
  if (!value) throw oalError("OAL-T143", { method, head, problem: "is named and not returned" });
  if (value.dtype === "float32" && value.rank === 2) return value;
  throw oalError("OAL-T143", {
    method,
    head,
    problem: `is ${value.dtype} of ${value.rank} axes, not float32 [N, k]`,
  });
}
