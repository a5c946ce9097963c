// The detection metrics of a million scores, against scikit-learn's ROC and precision-recall curves.
import { detectionMetrics, Random } from "../../packages/core/dist/index.js";
import { writeArrays } from "../harness/arrays.mjs";

function scoresOf({ scores }) {
  const random = new Random(6, "bench/scores");
  const half = scores / 2;
  return { id: random.normals(0, half).map((x) => x + 1), ood: random.normals(1, half) };
}

export default {
  title: ({ scores }) => `AUROC, FPR@95 and both AUPR of ${scores} scores`,
  unit: "ms",
  settings: { scores: 1_000_000 },
  short: { scores: 2000 },
  goals: { must: 4 },
  prepare: async (settings, folder) => {
    const { id, ood } = scoresOf(settings);
    const column = (data) => ({ dtype: "float32", shape: [data.length], data });
    writeArrays(folder, { id: column(id), ood: column(ood) });
  },
  contestants: {
    oal: {
      make: async (settings) => {
        const { id, ood } = scoresOf(settings);
        return {
          step: async () => detectionMetrics(id, ood),
          check: async () => {
            const { auroc, auprIn, auprOut, fpr95 } = detectionMetrics(id, ood);
            return [auroc, auprIn, auprOut, fpr95];
          },
        };
      },
    },
    "scikit-learn": { needs: "sklearn", python: "metrics" },
  },
};
