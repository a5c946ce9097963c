// What making a batch costs beside the step that it is for: order, reading, augmentation and draws, from a decoded set on disk.
import { join } from "node:path";
import { mkdirSync } from "node:fs";
import { openImageSet, SET_FORMAT, writeSetManifest } from "../../packages/oal/dist/data/cachedSet.js";
import { ShardWriter } from "../../packages/oal/dist/data/shards.js";
import { ourStep } from "./trainingStep.mjs";

/** Writes a decoded set of pictures of `side` pixels, as the cache of a run holds them. */
export async function writeSet(folder, count, side, classes = 10) {
  mkdirSync(folder, { recursive: true });
  const shards = new ShardWriter(folder, 3 * side * side, count);
  const pixels = new Uint8Array(3 * side * side);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < pixels.length; j += 7) pixels[j] = (i + j * 31) % 251;
    shards.write(i, pixels);
  }
  await writeSetManifest(folder, {
    format: SET_FORMAT,
    name: "random",
    height: side,
    width: side,
    labels: Array.from({ length: count }, (_, i) => i % classes),
    ids: Array.from({ length: count }, (_, i) => `random/${i}`),
    classNames: Array.from({ length: classes }, (_, i) => String(i)),
    rows: null,
    shards: await shards.finish(),
    skipped: [],
  });
}

/**
 * A case: contestants "batch" (the next batch, every time) and "step" (on the first batch).
 *
 * @param taskOf makes the task from the settings and the pictures
 */
export function loadingCase({ title, settings, short, taskOf, training, variant = false }) {
  const task = (given, folder) => taskOf(given, openImageSet(join(folder, "set")));
  return {
    variant,
    title: (given) => `the next batch beside its step, ${title(given)}`,
    unit: "ms",
    repetitions: 15,
    settings: { pictures: 50_000, ...settings },
    short: { pictures: 256, ...short },
    goals: { must: 0.05, aim: 0.01, atMost: true },
    prepare: ({ pictures }, folder) => writeSet(join(folder, "set"), pictures, 32),
    contestants: {
      batch: {
        make: async (given, folder) => {
          const made = task(given, folder);
          let next = 0;
          // the code is compiled by then, as it is a few seconds into a training
          for (; next < 20; next++) made.batch(next);
          return { step: async () => made.batch(next++) };
        },
      },
      step: { make: (given, folder) => ourStep(task(given, folder), training, given) },
    },
    ratios: () => [{ of: "batch", over: "step", called: "share of a step" }],
  };
}
