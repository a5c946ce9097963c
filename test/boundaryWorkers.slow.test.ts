/** Boundary sampling in worker threads, which only the built program can start. */
import { expect, it } from "vitest";
import { Random } from "../packages/core/dist/index.js";
import { boundarySchema } from "../packages/oal/dist/outliers/boundary/options.js";
import { sampleBoundary } from "../packages/oal/dist/outliers/boundary/sample.js";
import { sampleInTurn } from "../packages/oal/dist/outliers/boundary/sampleClass.js";
import { spreadOver } from "../packages/oal/dist/pipeline/boundaryWorkers.js";
import { cpuEngine } from "../packages/oal/dist/runtime/engines/index.js";

const [classes, dimension] = [4, 24];
const engine = await cpuEngine({ threads: 1, blocked: false });
const embeddings = new Random(1, "workers").normals(0, classes * 50 * dimension);
const labels = Int32Array.from({ length: classes * 50 }, (_, i) => i % classes);
labels.forEach((label, i) => (embeddings[i * dimension + label] = 4));
const bank = { embeddings, labels, dimension, classes };
const options = {
  ...boundarySchema.parse({ k: 20, anchors: 3, noise: 65, rounds: 3, globalReject: true, eta: 1 }),
  seed: 3,
};

it("the outliers are the same bits in one, two and three threads, and every round is told", async () => {
  const inTurn = await sampleBoundary(engine, bank, options);
  expect(inTurn.rejected).toBeGreaterThan(0);
  for (const workers of [2, 3]) {
    const told: number[] = [];
    const spread = await sampleBoundary(
      engine,
      bank,
      options,
      (done, total) => told.push(done / total),
      spreadOver(workers),
    );
    expect(spread).toEqual(inTurn);
    expect(told).toEqual(Array.from({ length: 12 }, (_, i) => (i + 1) / 12));
  }
});

it("an error in a worker is the one that was thrown there", async () => {
  const failing = { ...options, seed: NaN };
  const seen: unknown[] = [];
  for (const sampleClasses of [sampleInTurn, spreadOver(1)])
    await sampleBoundary(engine, bank, failing, undefined, sampleClasses).catch((error: unknown) =>
      seen.push(error),
    );
  expect(seen).toHaveLength(2);
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[1]).toMatchObject({ code: expect.stringMatching(/^OAL-(?!X)/) });
});

it("a sampling that is given up waits for its threads: the process lives on, again and again", async () => {
  // the native engine ends the process when a thread is taken away in the middle of a call
  for (let i = 0; i < 8; i++) {
    const stopped = sampleBoundary(
      engine,
      bank,
      options,
      () => {
        throw new Error("stopped");
      },
      spreadOver(2),
    );
    await expect(stopped).rejects.toThrow("stopped");
  }
});
