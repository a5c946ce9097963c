/** Outliers shown to the student: the training method in which every exposure has its place. */
import { mul } from "oal-core";
import { z } from "zod";
import { choice, mergedShape, positive, real, whole } from "../../fields.js";
import { alignOutliers, type AlignedOutliers } from "../exposures/alignment.js";
import { exposures } from "../exposures/index.js";
import { alignedNeeds, picturesNeeds, type Exposure, type ExposureInputs } from "../exposures/exposure.js";
import type { MethodInputs, NetworkTaps } from "./inputs.js";
import { readOptions, termsOf, type Ignored, type MethodSettings, type TrainingMethod } from "./method.js";
import type { TermDeclarations, WeightedTerm } from "./terms.js";

const section = "exposure";

const common = z.strictObject({
  fraction: real(
    0.5,
    0.01,
    4,
    "outliers per step, as a share of the batch size; beside whole blocks of 16 images, to the nearest block",
  ),
  start: real(0, 0, 0.99, "share of the steps before the exposure begins"),
  outliers: z
    .string()
    .min(1)
    .default("latents")
    .describe("where the pictures come from: an outlier source; oal list outliers shows them"),
  statistics: choice(
    ["joint", "own"],
    "joint",
    "batch normalisation sees outliers together with the images; or by themselves, and the running statistics follow the images alone",
  ),
  alignmentSteps: whole(
    1,
    1,
    100,
    "steps of the map that brings outlier embeddings into the student's feature space, per step of the student",
  ),
  alignmentLr: positive(1e-3, 1, "learning rate of Adam for that map"),
});

const alignmentTerms: TermDeclarations = {
  exposureAlignment: {
    title: "how far the teacher's features, brought into the student's space, are from the student's",
    weight: null,
  },
};

/** The options that do not belong to one exposure. */
export function exposureOptions(settings: MethodSettings): z.output<typeof common> {
  return readOptions(common, settings, section);
}

/** An exposure with a weight above 0, and its options. */
interface UsedExposure {
  readonly exposure: Exposure;
  readonly options: Readonly<Record<string, unknown>>;
  readonly needs: readonly string[];
}

function inUse(settings: MethodSettings): readonly UsedExposure[] {
  return exposures.all
    .map((exposure) => {
      const options = readOptions(exposure.schema, settings, section);
      return { exposure, options, needs: exposure.needs?.(options) ?? picturesNeeds };
    })
    .filter(({ exposure, options }) => exposure.weights.some((key) => options[key] !== 0));
}

/** Weights, as paths of settings, of the exposures that bring outlier embeddings into the student's space: by a map of the teacher's features. */
export function alignedExposures(settings: MethodSettings): readonly string[] {
  return inUse(settings).flatMap(({ exposure, needs }) =>
    alignedNeeds.every((name) => needs.includes(name))
      ? exposure.weights.map((key) => `${section}.${key}`)
      : [],
  );
}

/** Whether some exposure needs all of some side data. */
const needAll = (used: readonly UsedExposure[], names: readonly string[]): boolean =>
  used.some(({ needs }) => names.every((name) => needs.includes(name)));

/** Terms of every exposure that has a weight, behind a gate that opens at the configured step. */
export const exposureMethod: TrainingMethod = {
  id: "exposure",
  title: "Exposure to outlier pictures",
  source: "METHOD 10.4",
  outliers: ["pictures"],
  section,
  about: "decoded outliers shown to the student",
  decides: { outliers: picturesNeeds, fraction: picturesNeeds },
  get schema() {
    return z.strictObject(mergedShape(section, [...exposures.all, { id: "exposure", schema: common }]));
  },
  get terms() {
    return Object.assign({}, ...exposures.all.map(({ terms }) => terms), alignmentTerms);
  },
  needs: (settings) => {
    const used = inUse(settings);
    if (used.length === 0) return [];
    const needs = new Set(used.flatMap(({ needs }) => needs));
    return [...(needAll(used, picturesNeeds) ? picturesNeeds : []), "exposureGate", ...needs].filter(
      (name, at, all) => all.indexOf(name) === at,
    );
  },
  parts: (settings) => inUse(settings).map(({ exposure }) => exposure.id),
  shows: (settings) => (needAll(inUse(settings), picturesNeeds) ? picturesNeeds : []),
  apart: (settings) =>
    exposureOptions(settings).statistics === "own" && needAll(inUse(settings), picturesNeeds)
      ? picturesNeeds
      : [],
  outputs: (inputs, settings) =>
    Object.assign(
      {},
      ...inUse(settings).map(({ exposure, options }) =>
        exposure.outputs?.({ ...inputs, context: inputs.context.child(exposure.id) }, options),
      ),
    ),
  heads: (settings) => inUse(settings).flatMap(({ exposure }) => exposure.keeps ?? []),
  detectors: (settings) => inUse(settings).flatMap(({ exposure }) => exposure.detectors ?? []),
  distils: (settings) =>
    inUse(settings).flatMap(({ exposure }) =>
      exposure.distils ? exposure.weights.map((key) => `${section}.${key}`) : [],
    ),
  rates: () => ({}),
  draws: () => ({}),
  ignored: (settings) => [
    ...exposures.all.flatMap(
      (exposure) => exposure.ignored?.(readOptions(exposure.schema, settings, section)) ?? [],
    ),
    ...ignoredOfAll(inUse(settings)),
  ],
  build: (inputs, settings) => {
    const used = inUse(settings);
    let aligned: AlignedOutliers | undefined;
    const align = (): AlignedOutliers => (aligned ??= alignedIn(inputs, settings));
    const terms = used.flatMap(({ exposure, options }) => {
      const values = exposure.build(inputsOf(exposure, inputs, align), options);
      return termsOf(exposure.id, exposure.terms, values, options).map((term): WeightedTerm => ({
        ...term,
        // a term that is only logged is logged from the first step on
        weight: term.weight === 0 ? 0 : mul(inputs.side("exposureGate"), term.weight),
      }));
    });
    if (!aligned) return terms;
    const { loss } = aligned;
    return [...terms, ...termsOf("exposure", alignmentTerms, { exposureAlignment: loss }, {})];
  },
};

/** Options of the section that belong to no exposure and have no effect. */
function ignoredOfAll(used: readonly UsedExposure[]): readonly Ignored[] {
  if (used.length === 0) return [[Object.keys(common.shape), "all weights of exposure at 0"]];
  const noPictures = !needAll(used, picturesNeeds) && "no exposure to pictures";
  const noEmbeddings = !needAll(used, alignedNeeds) && "no exposure to outlier embeddings";
  return [
    [["fraction", "outliers", "statistics"], noPictures],
    [["alignmentSteps", "alignmentLr"], noEmbeddings],
  ];
}

function inputsOf(
  exposure: Exposure,
  { context, logits, features, labels, head, side, shown, outputs, outputsOf }: MethodInputs,
  align: () => AlignedOutliers,
): ExposureInputs {
  return {
    context: context.child("exposure").child(exposure.id),
    logits,
    features,
    labels,
    ...(head ? { head } : {}),
    side,
    get outliers(): NetworkTaps {
      return shown("outlierImages");
    },
    alignedOutliers: () => align().outliers,
    heads: outputs,
    outlierHeads: (name) => outputsOf(shown("outlierImages"))(name),
  };
}

function alignedIn({ context, features, side }: MethodInputs, settings: MethodSettings): AlignedOutliers {
  const { alignmentSteps, alignmentLr } = exposureOptions(settings);
  return alignOutliers({
    context: context.child("exposure").child("alignment"),
    features,
    teacherFeatures: side("teacherFeatures"),
    outlierEmbeddings: side("outlierEmbeddings"),
    steps: alignmentSteps,
    rate: alignmentLr,
  });
}
