// Exact search for the K nearest of a bank, as the detector knn does it, against faiss's flat index.
import { float32Tensor, Random, storedStreams } from "../../packages/core/dist/index.js";
import { detectors } from "../../packages/core/dist/index.js";
import { outputsInMemory } from "../../packages/oal/dist/evaluation/outputs.js";
import { scoreSets } from "../../packages/oal/dist/evaluation/score.js";
import { writeArrays } from "../harness/arrays.mjs";
import { engineOf } from "../steps/trainingStep.mjs";

/** Unit rows of a bank, and queries of any norm. */
function rowsOf({ bank, queries, width }) {
  const random = new Random(5, "bench/rows");
  const unit = random.normals(0, bank * width);
  for (let row = 0; row < bank; row++) {
    const own = unit.subarray(row * width, (row + 1) * width);
    const norm = Math.hypot(...own);
    own.forEach((value, i) => (own[i] = value / norm));
  }
  return { unit, asked: random.normals(1, queries * width) };
}

export default {
  title: ({ bank, queries, width, neighbours }) =>
    `exact search, ${queries} queries of ${width} numbers among ${bank}, K = ${neighbours}`,
  unit: "ms",
  settings: { bank: 50_000, queries: 2048, width: 512, neighbours: 50 },
  short: { bank: 1000, queries: 100, width: 32, neighbours: 10 },
  goals: { must: 2, aim: 2.2 },
  repetitions: 5,
  prepare: async (settings, folder) => {
    const { unit, asked } = rowsOf(settings);
    const { bank, queries, width } = settings;
    writeArrays(folder, {
      bank: float32Tensor([bank, width], unit),
      queries: float32Tensor([queries, width], asked),
    });
  },
  contestants: {
    oal: {
      make: async (settings) => {
        const engine = await engineOf(settings);
        const { unit, asked } = rowsOf(settings);
        const { queries, width } = settings;
        const detector = detectors.find("knn");
        const parameters = { neighbours: settings.neighbours };
        const setOf = (name, group, count, features) =>
          outputsInMemory(
            {
              name,
              group,
              labels: new Int32Array(count),
              ids: Array.from({ length: count }, (_, i) => String(i)),
              logits: new Float32Array(count),
              features,
            },
            { classes: 1, featureSize: width },
          );
        const train = setOf("train", "train", settings.bank, unit);
        const fitted = {
          detector,
          parameters,
          fitted: await detector.fit(storedStreams({ train }), parameters),
        };
        const set = setOf("queries", "near", queries, asked);
        const run = () => scoreSets(fitted, [set], { engine });
        return {
          facts: { "ONNX Runtime": engine.facts.version },
          step: run,
          check: async () => Array.from((await run())[0].slice(0, 20), (score) => -score),
        };
      },
    },
    faiss: { needs: "faiss", python: "neighbours" },
  },
};
