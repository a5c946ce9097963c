/** The network of a model that students start from: where it is cut, and how it is trained. */
import { float32Tensor, oalError } from "oal-core";
import type { LoadedModel } from "../../models/load.js";
import { nameOf } from "../../models/modelName.js";
import {
  cutAt,
  importedNetwork,
  type Anatomy,
  type HeadTensors,
  type ImportedNetwork,
  type ImportedParts,
  type ImportPlan,
} from "../../nn/imported/index.js";
import { finetuneOf } from "../configuration/initSection.js";
import type { Configuration } from "../configuration/schema.js";

/** What a network is made of, and the network. */
export interface InitNetwork {
  readonly parts: ImportedParts;
  readonly network: ImportedNetwork;
}

/** How a model is trained: what of it is frozen, a share or a value's name, and at which rates the rest. */
interface TrainedPart extends Omit<ImportPlan, "frozen"> {
  readonly frozen: number | string;
  /** The key that `frozen` was given by, for errors. */
  readonly key: string;
}

/** The network of a model as section `init` asks for it. Parameters and errors as in {@link trainedNetwork}. */
export function initNetwork(
  { init }: Configuration,
  model: LoadedModel,
  head: HeadTensors | null,
): InitNetwork {
  return trainedNetwork(model, head, { ...init, key: "init.frozen" });
}

/** The network of a teacher that is trained further, as `teacher.finetune` asks for it. */
export function finetunedNetwork(
  config: Pick<Configuration, "teacher">,
  model: LoadedModel,
  head: HeadTensors | null,
): InitNetwork {
  const plan = { ...finetuneOf(config), batchNorm: "keep", key: "teacher.finetune.frozen" } as const;
  return trainedNetwork(model, head, plan);
}

/**
 * A model as a network that is trained.
 *
 * @param head gives the logits; null: the model's own
 * @throws OAL-C211 for a share or value at which it cannot be cut, or statistics that it does not hold; OAL-T131 when there is nothing
 *   to train
 */
function trainedNetwork(
  model: LoadedModel,
  head: HeadTensors | null,
  { batchNorm, rate, layerDecay, frozen, key }: TrainedPart,
): InitNetwork {
  const name = nameOf(model.path);
  const { taps } = model.classifier();
  const whole: ImportPlan = { frozen: null, batchNorm, rate, layerDecay };
  const { anatomy } = importedNetwork({ name, taps, head, plan: whole });
  const parts = { name, taps, head, plan: { ...whole, frozen: cutOf(anatomy, frozen, key) } };
  const network = importedNetwork(parts);
  if (network.first.size === 0) {
    const problem =
      "no float32 weight was found in what is to be trained (a quantised or 16-bit model has none)";
    throw oalError("OAL-T131", { model: name, problem });
  }
  return { parts, network };
}

function cutOf(anatomy: Anatomy, frozen: number | string, key: string): string | null {
  if (typeof frozen === "string") return frozen;
  if (frozen === 0) return null;
  const cut = cutAt(anatomy, frozen);
  if (cut !== null) return cut;
  const first = anatomy.cuts.find(({ depth }) => depth > 0);
  const problem =
    first === undefined
      ? "the model cannot be cut anywhere; leave it out"
      : `${frozen} is less than its first cut, ${first.depth} of ${anatomy.depth} layers: take ${roundUp(first.depth / anatomy.depth)} or more`;
  throw oalError("OAL-C211", { at: key, problem });
}

/** A model as a teacher: nothing of it is trained. */
export function teacherParts(model: LoadedModel, head: HeadTensors | null): ImportedParts {
  const plan = { frozen: null, batchNorm: "keep", rate: 1, layerDecay: 1 } as const;
  return { name: nameOf(model.path), taps: model.classifier().taps, head, plan };
}

/** A head of the right sizes for a model with features, its numbers of no meaning. */
export function headOfZeros(model: LoadedModel, classes: number): HeadTensors | null {
  const width = model.facts.features?.width;
  if (width === undefined) return null;
  const weight = float32Tensor([classes, width], new Float32Array(classes * width));
  return { weight, bias: float32Tensor([classes], new Float32Array(classes)) };
}

/** To three decimals, never below. */
function roundUp(share: number): number {
  return Math.ceil(1000 * share) / 1000;
}

/** What of it is trained, in a sentence. */
export function trainedSentence({ network, parts: { name, head, plan } }: InitNetwork): string {
  const { anatomy } = network;
  const frozen = frozenLayers(network);
  const own = head === null ? "" : " and the head";
  if (plan.frozen === null) return `all ${anatomy.depth} layers of ${name}${own} are trained`;
  const rest = anatomy.depth - frozen;
  const what = rest === 0 ? "the head alone is trained" : `the last ${rest}${own} are trained`;
  return `the first ${frozen} of ${anatomy.depth} layers of ${name} stay as they are, up to "${plan.frozen}"; ${what}`;
}

/** Layers before the cut. */
export function frozenLayers({ anatomy, plan }: ImportedNetwork): number {
  return anatomy.cuts.find(({ value }) => value.name === plan.frozen)?.depth ?? 0;
}
