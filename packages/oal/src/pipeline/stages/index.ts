/** Every stage. Adding one: one file and one line here; the order of a run follows from the stages' inputs. */
import type { Stage } from "../plan/stage.js";
import { dataStages, stages } from "../plan/stages.js";
import { alignmentStage } from "./alignment.js";
import { boundaryStage } from "./boundary.js";
import { comparisonStage } from "./comparison.js";
import { dataStage } from "./data.js";
import { diffusionStage } from "./diffusion.js";
import { drawnStages } from "./drawnData.js";
import { embeddingsStage } from "./embeddings.js";
import { evaluationStage } from "./evaluation.js";
import { frozenStage } from "./frozen.js";
import { initStage } from "./init.js";
import { latentsStage } from "./latents.js";
import { outlierAuditStage } from "./outlierAudit.js";
import { outlierPicturesStage } from "./outlierPictures.js";
import { reportStage } from "./report.js";
import { studentStage } from "./students.js";
import { synthesisStage } from "./synthesis.js";
import { validationStage } from "./validation.js";
import { teacherStage, teacherTestStage } from "./teacher.js";
import { warmStartStage } from "./warmStart.js";

/** The stages of oal itself. */
export const standardStages: readonly Stage[] = [
  teacherStage,
  teacherTestStage,
  embeddingsStage,
  alignmentStage,
  boundaryStage,
  diffusionStage,
  latentsStage,
  synthesisStage,
  outlierPicturesStage,
  outlierAuditStage,
  initStage,
  frozenStage,
  warmStartStage,
  studentStage,
  validationStage,
  evaluationStage,
  comparisonStage,
  reportStage,
];
for (const stage of standardStages) stages.register(stage);

for (const stage of [...Object.values(drawnStages), dataStage]) dataStages.register(stage);

export { dataStages, stages };
