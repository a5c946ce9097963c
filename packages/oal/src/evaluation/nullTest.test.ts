/** Validation images that a detector was fitted on and that calibrate it: told where they look other than new ones. */
import { Random } from "oal-core";
import { expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import { evaluate, outputsInMemory, type OutputSet, type SetGroup } from "./index.js";

const classes = 12;

function outputs(group: SetGroup, count: number): OutputSet {
  const random = new Random(6, group);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const logits = random.normals(0, count * classes).map((z) => 2 * z);
  labels.forEach((label, i) => (logits[i * classes + label] = (logits[i * classes + label] ?? 0) + 9));
  const ids = Array.from(labels, (_, i) => `${group}/${i}`);
  const features = random.normals(1, count * 2);
  return outputsInMemory({ name: group, group, labels, ids, logits, features }, { classes, featureSize: 2 });
}

const options = { detectors: ["msp", "klm"], resamples: 100 };
const others = [outputs("test", 240), outputs("near", 60)];

it("a cut that the fitted images calibrate is told, with what it keeps", async () => {
  // one image of a class is its own typical distribution
  const { result } = await evaluate(testEngine, "m", 0, [outputs("validation", classes), ...others], options);
  expect(result.warnings).toEqual([
    expect.stringMatching(
      /^klm: it is fitted on the validation images, and they look more known to it than test images .* \(AUROC of test against validation \d+\.\d %, .* keeps fewer of new known images than it promises$/,
    ),
  ]);
});

it("nothing is said where they are alike, nor of detectors that are not fitted on them, nor without intervals", async () => {
  const many = [outputs("validation", 1200), ...others];
  expect((await evaluate(testEngine, "m", 0, many, options)).result.warnings).toEqual([]);
  const few = [outputs("validation", classes), ...others];
  for (const own of [
    { ...options, detectors: ["msp"] },
    { ...options, resamples: 0 },
  ])
    expect((await evaluate(testEngine, "m", 0, few, own)).result.warnings).toEqual([]);
});
