/** The teacher's logits and features of each image: computed inside the step on the very same picture, or once on the plain one. */
import { join } from "node:path";
import { memoryRows } from "oal-core";
import { openSafetensorsRows } from "../../nn/safetensorsRows.js";
import { distillationMethod } from "../../training/methods/distillation.js";
import { rowsOfImages } from "../../training/side/rows.js";
import type { SideData } from "../../training/side/sideData.js";
import { teacherInside } from "../../training/side/teacher.js";
import { loadClassifier } from "../stages/classifierArtifact.js";
import { embeddingsFile } from "../stages/embeddings.js";
import type { SideSource } from "./source.js";

const names = { logits: "teacherLogits", features: "teacherFeatures" } as const;

/** "teacherLogits" [N, C] and "teacherFeatures" [N, D]. */
export const teacherSource: SideSource = {
  id: "teacher",
  title: "the teacher's outputs on the images",
  provides: [names.logits, names.features],
  stages: (settings) => [
    distillationMethod.options(settings).teacherView === "same" ? "teacher" : "embeddings",
  ],
  // the options of the method "distillation", for recipes without it too
  sections: () => ["kd"],
  open: async ({ folders, settings, batchSize, normalisation }) => {
    if (distillationMethod.options(settings).teacherView === "same") {
      const teacher = await loadClassifier(folders["teacher"] ?? "");
      return [teacherInside(teacher, names, { pictures: null, normalisation })];
    }
    const path = join(folders["embeddings"] ?? "", embeddingsFile);
    return [names.logits, names.features].map((name): SideData => {
      const stored = name === names.logits ? "logits" : "features";
      return rowsOfImages(name, openSafetensorsRows(path, stored), batchSize);
    });
  },
  outline: ({ settings, batchSize, classes, normalisation }, { teacher, featureWidth }) => {
    if (distillationMethod.options(settings).teacherView === "same")
      return [teacherInside(teacher, names, { pictures: null, normalisation })];
    const none = new Float32Array();
    return [
      rowsOfImages(names.logits, memoryRows(none, classes), batchSize),
      rowsOfImages(names.features, memoryRows(none, featureWidth), batchSize),
    ];
  },
};
