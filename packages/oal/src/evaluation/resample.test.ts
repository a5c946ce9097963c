/** Resamples of a part of a task are those of the whole. */
import { metrics, Random, type BootstrapSamples } from "oal-core";
import { expect, it } from "vitest";
import { resampleAtOnce, resampleSteps, type ResampleRange, type ResampleTask } from "./resample.js";
import { resampleInThreads } from "./resampleThreads.js";

const random = new Random(2, "resample");
const task: ResampleTask = {
  rows: [0, 1].map((row) => ({
    id: random.normals(10 * row, 60).map((x) => x + 1),
    ood: [random.normals(10 * row + 1, 50), random.normals(10 * row + 2, 70)],
  })),
  resamples: 7,
  seed: 3,
  stream: undefined,
};

function part(range: ResampleRange): BootstrapSamples {
  const steps = resampleSteps(task, range);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

it("parts of a task are the whole, resample by resample", () => {
  const whole = resampleAtOnce(task);
  for (const { from, count } of [
    { from: 0, count: 3 },
    { from: 3, count: 4 },
    { from: 6, count: 1 },
  ]) {
    const own = part({ from, count });
    for (const [row, set] of [
      [0, 0],
      [1, 1],
    ] as const)
      for (const metric of metrics.ids)
        expect(own.metric(row, set, metric)).toEqual(
          whole.metric(row, set, metric).slice(from, from + count),
        );
  }
});

it("other images have other draws", () => {
  const other = resampleAtOnce({ ...task, stream: "images 1" });
  expect(other.metric(0, 0, "auroc")).not.toEqual(resampleAtOnce(task).metric(0, 0, "auroc"));
});

it("little is resampled here, whatever threads there are", async () => {
  const here = await resampleInThreads(task, { threads: 4 });
  expect(here.metric(1, 1, "auroc")).toEqual(resampleAtOnce(task).metric(1, 1, "auroc"));
});
