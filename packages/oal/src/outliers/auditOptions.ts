/** Sections `audit` and `keep`: how outlier pictures are looked at before they are shown, and which of them are. */
import { z } from "zod";
import { flag, real, whole } from "../fields.js";
import { readOptions, type MethodSettings } from "../training/methods/method.js";

/** Section `audit`. */
export const auditSchema = z.strictObject({
  sample: whole(
    512,
    0,
    100_000,
    "pictures of every outlier source that the teacher looks at before students are shown them; 0: none; classes that must not be turned (changed) are found all the same",
  ),
  fakes: real(
    0.5,
    0,
    10,
    "pictures that the teacher may take for known ones: as sure of them and with them as near to a training picture as half of the known validation pictures; their share, divided by that of the known validation pictures. A source with more than chance explains fails",
  ),
  changed: real(
    0.25,
    0,
    1,
    "of sources that change pictures class by class (rotate): share of a class's validation pictures, changed, that the teacher may be as sure of as of half of the unchanged ones; a class with more is not changed",
  ),
  distinct: real(
    0.5,
    0,
    1,
    "share of a source's pictures that must differ from each other; a source with less fails",
  ),
  allowFailed: flag(false, "whether students are trained on outliers that fail their audit all the same"),
});

/** Section `audit`, parsed. */
export type AuditOptions = z.output<typeof auditSchema>;

const bounds = z
  .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
  .refine(([low, high]) => low < high, "the first bound must be below the second");

/** Section `keep`. */
export const keepSchema = z.strictObject({
  sources: z
    .record(z.string().min(1), bounds)
    .default({})
    .describe(
      "by outlier source, [low, high]: only pictures are shown that the teacher is surer of than of a share low of the known validation pictures, and no surer than of a share high",
    ),
  candidates: whole(
    4096,
    1,
    1_000_000,
    "pictures to choose among of a source that makes them in the batch; of another all are looked at",
  ),
});

/** The share of known validation pictures between which pictures of a source are kept; undefined: all are. */
export function keptShares(settings: MethodSettings, id: string): readonly [number, number] | undefined {
  return readOptions(keepSchema, settings, "keep").sources[id];
}

/** Whether the teacher looks at a source's pictures, or at what may not become one, before students are shown them. */
export function isAudited(
  settings: MethodSettings,
  { id, byClass }: { readonly id: string; readonly byClass: boolean },
): boolean {
  const { sample } = readOptions(auditSchema, settings, "audit");
  return sample > 0 || byClass || keptShares(settings, id) !== undefined;
}
