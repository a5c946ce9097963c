// A neighbour detector whose bank lies in files, asked about 1000 images.
import { join } from "node:path";
import { detectors, Random } from "../../packages/core/dist/index.js";
import { outputsInMemory } from "../../packages/oal/dist/evaluation/outputs.js";
import { rowStore } from "../../packages/oal/dist/evaluation/rowFiles.js";
import { scoreSets } from "../../packages/oal/dist/evaluation/score.js";
import { engineOf } from "./trainingStep.mjs";

/** @param rows of the bank @param width numbers of a row */
export async function askBank(rows, width, settings, folder) {
  const random = new Random(8, "bench/bank");
  const store = rowStore(join(folder, `bank-${rows}-${width}`));
  // rows as the detector keeps them: b, and -|b|² / 2
  const sink = store.keep("bank", width + 1);
  const block = 4096;
  for (let start = 0; start < rows; start += block) {
    const count = Math.min(block, rows - start);
    const normals = random.normals(start, count * width);
    const made = new Float32Array(count * (width + 1));
    for (let i = 0; i < count; i++) {
      const row = made.subarray(i * (width + 1), (i + 1) * (width + 1));
      row.set(normals.subarray(i * width, (i + 1) * width).map((x) => x / Math.sqrt(width)));
      row[width] = -row.reduce((sum, x) => sum + x * x, 0) / 2;
    }
    sink.append(made);
  }
  const bank = sink.finish();
  const { queries } = settings;
  const set = outputsInMemory(
    {
      name: "queries",
      group: "near",
      labels: new Int32Array(queries).fill(-1),
      ids: Array.from({ length: queries }, (_, i) => String(i)),
      logits: new Float32Array(queries),
      features: random.normals(0, queries * width),
    },
    { classes: 1, featureSize: width },
  );
  const engine = await engineOf(settings);
  const fitted = {
    detector: detectors.find("knn"),
    parameters: { neighbours: 10 },
    fitted: { tensors: {}, bank },
  };
  return {
    facts: { "ONNX Runtime": engine.facts.version },
    step: () => scoreSets(fitted, [set], { engine }),
    close: () => store.close(),
  };
}
