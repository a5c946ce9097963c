/**
 * The classifier that is fitted around: the known classes and where their logits come from. A new head on the model's features, the
 * model's own head, some rows of it, or nothing at all where there is one class.
 */
import { oalError } from "oal-core";
import type { LoadedModel } from "../models/load.js";
import { matchNames } from "./classes.js";
import type { KeptTap } from "./outputs.js";

/** Where logits come from. */
export type HeadKind =
  /** Fitted on the known pictures. */
  | "new"
  /** The model's, all of it. */
  | "own"
  /** The rows of the model's that belong to the folder's classes. */
  | "own rows"
  /** There is one class, and no head can tell it from others. */
  | "none";

/** What is known, before a picture is looked at. */
export interface Subject {
  readonly model: LoadedModel;
  readonly kind: HeadKind;
  /** In the order of the logits. */
  readonly classNames: readonly string[];
  /** Class of every folder; -1 for a folder that is no class of the model. */
  readonly classOf: readonly number[];
  /** The model's classes behind the logits, in their order; for its own head. */
  readonly rows: readonly number[];
  /** What a head reads and neighbours are compared by: features, or the model's logits where it shows none. */
  readonly reads: KeptTap;
  /** What is kept of every picture. */
  readonly taps: readonly KeptTap[];
  /** Which head is used and why, in a sentence. */
  readonly sentence: string;
  /** What else there is to say of it. */
  readonly warnings: readonly string[];
}

/**
 * Decides which head is used.
 *
 * @param folders  names of the class folders, at least one
 * @param known  "folder": the folders' classes; "model": all of the model's
 * @throws OAL-E253 when all classes of a model are to be known that has none
 */
export function subjectOf(
  model: LoadedModel,
  folders: readonly string[],
  known: "folder" | "model",
): Subject {
  const { facts, classNames, classAliases } = model;
  const hasFeatures = facts.features !== null;
  const count = facts.logits?.classes ?? 0;
  const own: KeptTap[] = hasFeatures ? ["logits", "features"] : ["logits"];
  const reads: KeptTap = hasFeatures ? "features" : "logits";
  const doubts = hasFeatures
    ? []
    : ["the model shows no features before its last layer: detectors that look at features are left out"];
  const base = { model, reads, warnings: doubts };
  if (known === "model") {
    if (count === 0) throw oalError("OAL-E253", { path: model.path });
    const names = classNames ?? Array.from({ length: count }, (_, c) => `class ${c}`);
    const each = folders.map((folder) => {
      const found = matchNames([folder], names, classAliases);
      return "indices" in found ? (found.indices[0] ?? -1) : -1;
    });
    const lost = folders.filter((_, f) => each[f] === -1);
    const unnamed =
      lost.length === 0
        ? []
        : [
            `${listed(lost)}: no class of the model is called so, or several are; ${lost.length === 1 ? "its" : "their"} pictures count as known, and accuracy is not measured on them`,
          ];
    return {
      ...base,
      kind: "own",
      classNames: names,
      classOf: each,
      rows: Array.from({ length: count }, (_, c) => c),
      taps: own,
      sentence: `Known are all ${count} classes of the model, and its own last layer is used.`,
      warnings: [...doubts, ...unnamed],
    };
  }
  const classOf = folders.map((_, f) => f);
  if (folders.length === 1)
    return {
      ...base,
      kind: "none",
      classNames: folders,
      classOf,
      rows: [],
      taps: [reads],
      sentence: `There is one class, "${folders[0]}": no last layer can tell it from others, so what is known is decided by features alone.`,
    };
  const match: ReturnType<typeof matchNames> =
    count === 0
      ? { reason: "the model has no classes of its own" }
      : matchNames(folders, classNames, classAliases);
  if ("indices" in match) {
    const whole = match.indices.length === count && match.indices.every((index, f) => index === f);
    return {
      ...base,
      kind: whole ? "own" : "own rows",
      classNames: folders,
      classOf,
      rows: match.indices,
      taps: own,
      sentence: whole
        ? "The folders are called as the model's classes, so its own last layer is used."
        : `The ${folders.length} folders are called as ${folders.length} of the model's ${count} classes, so its own last layer is used, cut to these.`,
    };
  }
  return {
    ...base,
    kind: "new",
    classNames: folders,
    classOf,
    rows: [],
    taps: [reads],
    sentence: `A new last layer for the ${folders.length} folders is fitted on the model's ${hasFeatures ? "features" : "logits"}, because ${match.reason}.`,
  };
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;
}
