// Boundary sampling around random embeddings.
import { Random } from "../../packages/core/dist/index.js";
import { sampleBoundary } from "../../packages/oal/dist/outliers/boundary/sample.js";
import { sampleInWorkers } from "../../packages/oal/dist/pipeline/boundaryWorkers.js";
import { boundarySchema } from "../../packages/oal/dist/outliers/boundary/options.js";
import { engineOf } from "./trainingStep.mjs";

/** Embeddings of `perClass` images of each class, somewhat apart. */
export function embeddingsOf({ classes, perClass, width }) {
  const random = new Random(7, "bench/embeddings");
  const centres = random.normals(0, classes * width);
  const embeddings = random.normals(1, classes * perClass * width);
  const labels = Int32Array.from({ length: classes * perClass }, (_, i) => i % classes);
  for (let row = 0; row < labels.length; row++)
    for (let d = 0; d < width; d++) embeddings[row * width + d] += centres[labels[row] * width + d];
  return { embeddings, labels, dimension: width, classes };
}

/** Our contestant. @param options of boundary sampling beside the settings' */
export function ourBoundary(options = {}) {
  return async (settings) => {
    const engine = await engineOf(settings);
    const bank = embeddingsOf(settings);
    const { k, select, anchors, noise, keep, rounds, sigma } = settings;
    const resolved = {
      ...boundarySchema.parse({ k, select, anchors, noise, keep, rounds, sigma, ...options }),
      seed: 0,
    };
    return {
      facts: { "ONNX Runtime": engine.facts.version },
      step: () => sampleBoundary(engine, bank, resolved, undefined, sampleInWorkers),
    };
  };
}
