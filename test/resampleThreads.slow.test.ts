/** The bootstrap in worker threads, which only the built program can start. */
import { expect, it } from "vitest";
import { defineMetric, metrics, Random } from "../packages/core/dist/index.js";
import { resampleAtOnce, type ResampleTask } from "../packages/oal/dist/evaluation/resample.js";
import { resampleApart, resampleInThreads } from "../packages/oal/dist/evaluation/resampleThreads.js";

const random = new Random(5, "resample");
const task: ResampleTask = {
  rows: [0, 1, 2].map((row) => ({
    id: random.normals(10 * row, 300).map((x) => x + 1),
    ood: [random.normals(10 * row + 1, 200), Array.from(random.normals(10 * row + 2, 410))],
  })),
  resamples: 23,
  seed: 7,
  stream: "images 1",
};
const all = (samples: ReturnType<typeof resampleAtOnce>): Float64Array[] =>
  task.rows.flatMap((row, r) =>
    row.ood.flatMap((_, set) => metrics.ids.map((metric) => samples.metric(r, set, metric).slice())),
  );
const alone = all(resampleAtOnce(task));

it("the resamples are the same bits in one, two and five threads", async () => {
  expect(all(await resampleInThreads(task, { threads: 1 }))).toEqual(alone);
  for (const threads of [2, 5]) {
    const apart = await resampleApart(task, threads, () => undefined);
    expect(apart && all(apart)).toEqual(alone);
  }
});

it("what others do in their turn ends the work, and an error of a thread is told", async () => {
  const long = { ...task, resamples: 1e6 };
  const given = (): void => {
    throw new Error("given up");
  };
  await expect(resampleApart(long, 2, given)).rejects.toThrow("given up");
  await expect(resampleInThreads(long, { onTurn: given })).rejects.toThrow("given up");
  const broken = { ...task, rows: [{ id: [1, NaN], ood: [[0]] }] };
  await expect(resampleApart(broken, 2, () => undefined)).rejects.toMatchObject({ code: "OAL-E101" });
});

it("much of it is done apart, and told as it goes", async () => {
  const told: number[] = [];
  const many = { ...task, resamples: 40_000 };
  await resampleInThreads(many, { threads: 2, onTurn: (done) => void told.push(done) });
  expect(told.length).toBeGreaterThan(2);
  expect(told).toEqual(told.slice().sort((a, b) => a - b));
  expect(told.every((done) => done >= 0 && done <= 1)).toBe(true);
});

it("a metric that other threads do not know is resampled here", async () => {
  metrics.register(
    defineMetric({
      id: "share",
      title: "Share",
      meaning: "share of known images",
      higherIsBetter: true,
      compute: ({ idTotal, oodTotal }) => idTotal / (idTotal + oodTotal),
    }),
  );
  expect(await resampleApart(task, 2, () => undefined)).toBeNull();
  const many = { ...task, resamples: 40_000 };
  const samples = await resampleInThreads(many, { threads: 2 });
  expect(samples.metric(0, 0, "share")[39_999]).toBe(0.6);
});
