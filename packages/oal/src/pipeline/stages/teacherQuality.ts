/** Whether a student's teacher is good enough to learn from. */
import type { StageJob } from "../plan/stage.js";
import { inputRecord } from "../store/inputRecord.js";

/**
 * Accuracy on validation images of the teacher that a student learns from: one that it asks in every step, or, where it reads what a
 * teacher once said of the plain pictures (`kd.teacherView: clean`), that one.
 *
 * @returns undefined where it learns from none, or nothing is known of it any more
 */
export async function teacherAccuracy({
  optionalInput,
}: Pick<StageJob, "optionalInput">): Promise<number | undefined> {
  const [teacher, said] = [optionalInput("teacher"), optionalInput("embeddings")];
  const record = teacher?.manifest ?? (said && (await inputRecord(said, "teacher")));
  return record?.metrics["validationAccuracy"];
}

/**
 * A sentence for a student that is clearly better than its teacher: by more than one standard error of the difference,
 *
 *   sqrt((s(1−s) + t(1−t)) / n)
 *
 * with s, t the two accuracies on n validation images, as if the two were independent (they are less apart than that, so the bound is
 * a careful one). Null where the teacher may be the better one.
 *
 * A student that learns from a worse teacher gives up what tells near unknown pictures apart: −0.56 ± 0.09 points of near AUROC over
 * four seeds of CIFAR-10, with a teacher of 85.9 % and students of 89 % (docs/search.md).
 */
export function teacherWarning(teacher: number, student: number, images: number): string | null {
  const error = Math.sqrt((student * (1 - student) + teacher * (1 - teacher)) / images);
  if (!(student - teacher > error)) return null;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return (
    `its teacher is worse than it: ${percent(teacher)} of ${images} validation images right, the student ${percent(student)}; ` +
    "distillation then costs near OOD detection. A teacher that is trained longer (teacher.epochs), is wider, or is someone else's model (teacher.model) helps, " +
    "or no distillation (kd.logitsWeight, kd.featureWeight, exposure.distillWeight)"
  );
}
