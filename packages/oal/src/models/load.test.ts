/** Models of others as files: what lies beside them is found, and their classifiers compute what the files compute. */
import { existsSync } from "node:fs";
import { exposeTaps, float32Data, uint8Tensor, type Tensor } from "oal-core";
import { describe, expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { loadModel } from "../index.js";
import type { LoadedModel } from "./load.js";

const folder = new URL("../../../../../shared/models/", import.meta.url).pathname;

/** Logits and features of drawn pictures, and logits that the head makes of those features. */
async function outputsOf(model: LoadedModel, count: number): Promise<Record<string, Tensor>> {
  const classifier = model.classifier();
  const { features, head } = classifier.taps;
  if (features && head) classifier.graph.output("again", head.apply(features));
  const session = await testEngine.compile(
    exposeTaps(classifier, features ? ["logits", "features"] : ["logits"]),
  );
  const size = model.preprocessing.crop;
  const pixels = Uint8Array.from({ length: count * 3 * size * size }, (_, i) => (i * 2_654_435_761) >>> 24);
  try {
    return await session.run({ images: uint8Tensor([count, 3, size, size], pixels) });
  } finally {
    await session.release();
  }
}

function largestGap(a: Tensor | undefined, b: Tensor | undefined): number {
  if (!a || !b) return Infinity;
  const other = float32Data(b);
  return float32Data(a).reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (other[index] ?? NaN))),
    0,
  );
}

describe("a real classifier", () => {
  const path = `${folder}mobilenet_v1_0.25_224`;

  it.skipIf(!existsSync(path))("is found in its folder with its parts and class names", async () => {
    const model = await loadModel(path);
    expect(model).toMatchObject({
      kind: "foreign",
      hash: "21eb09e6e0dca59d963d760ce7be54d10cb04cf899d5391464df4f958aa49477",
      facts: {
        input: { name: "input", layout: "nchw", height: 224, width: 224, batch: null },
        logits: { value: "logits", classes: 1000, probabilities: false },
        features: { value: "features", width: 256 },
        head: { weight: "classifier.weight", bias: "classifier.bias", transposed: false },
      },
      preprocessing: { resize: 224, crop: 224 },
      classNamesFrom: "labels.txt",
    });
    expect(model.classNames?.[0]).toBe("tench, Tinca tinca");
    const outputs = await outputsOf(model, 2);
    expect(outputs["features"]?.shape).toEqual([2, 256]);
    expect(largestGap(outputs["logits"], outputs["again"])).toBeLessThan(1e-4);
  });
});
