/** Outlier pictures, from the source that the configuration names. */
import { isAudited } from "../../outliers/auditOptions.js";
import { auditStageOf, openSource, planSource, type SourcePlan } from "../../outliers/sources/plan.js";
import { exposureOptions } from "../../training/methods/exposure.js";
import type { MethodSettings } from "../../training/methods/method.js";
import { outlierSideData, type OutlierPictures } from "../../training/side/outliers.js";
import type { SideData, SideNetwork } from "../../training/side/sideData.js";
import { teacherInside, type Teacher } from "../../training/side/teacher.js";
import { loadClassifier } from "../stages/classifierArtifact.js";
import type { SideSource, StepFacts } from "./source.js";

const teacherNames = { logits: "outlierTeacherLogits", features: "outlierTeacherFeatures" } as const;

function planOf(settings: MethodSettings): SourcePlan {
  return planSource(exposureOptions(settings).outliers, settings);
}

/** Whether the teacher has to look at the pictures in every step. */
function needsTeacher({ hasTeacherLogits }: SourcePlan, names: readonly string[]): boolean {
  const wanted = hasTeacherLogits ? [teacherNames.features] : Object.values(teacherNames);
  return names.some((name) => wanted.some((own) => own === name));
}

function teacherOn(teacher: Teacher, { normalisation }: StepFacts): SideNetwork {
  return teacherInside(teacher, teacherNames, { pictures: "outlierImages", normalisation });
}

function sideDataOf(pictures: OutlierPictures, facts: StepFacts): SideData[] {
  const { fraction } = exposureOptions(facts.settings);
  return outlierSideData(pictures, { ...facts, imageSize: facts.images.height, fraction });
}

/** "outlierImages" uint8 [M, 3, S, S], and the teacher on the pictures: "outlierTeacherLogits", "outlierTeacherFeatures". */
export const outliersSource: SideSource = {
  id: "outliers",
  title: "outlier pictures",
  provides: ["outlierImages", ...Object.values(teacherNames)],
  stages: (settings, names) => {
    const plan = planOf(settings);
    const audits = plan.origins
      .filter((origin) => isAudited(settings, origin))
      .map(({ id }) => auditStageOf(id));
    return [...plan.stages, ...audits, ...(needsTeacher(plan, names) ? ["teacher"] : [])];
  },
  // the options of the method "exposure", for recipes without it too
  sections: (settings) => ["exposure", ...planOf(settings).sections],
  open: async (request) => {
    const { folders, settings, names, seed, classes, images } = request;
    const { outliers } = exposureOptions(settings);
    const opened = { folders, seed, classes, imageSize: images.height, images };
    const pictures = await openSource(outliers, opened, settings);
    const side = sideDataOf(pictures, request);
    if (!needsTeacher(planOf(settings), names)) return side;
    const teacher = await loadClassifier(folders["teacher"] ?? "");
    return [...side, teacherOn(teacher, request)];
  },
  outline: (facts, { teacher }) => {
    const plan = planOf(facts.settings);
    const pictures: OutlierPictures = {
      count: 1,
      pictures: () => new Uint8Array(),
      ...(plan.hasTeacherLogits ? { teacherLogits: new Float32Array() } : {}),
    };
    const side = sideDataOf(pictures, facts);
    return needsTeacher(plan, facts.names) ? [...side, teacherOn(teacher, facts)] : side;
  },
};
