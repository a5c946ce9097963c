// One epoch of batches from a decoded set on disk: opening it, order, reading, augmentation.
import { join } from "node:path";
import { openImageSet } from "../../packages/oal/dist/data/cachedSet.js";
import { stepsPerEpoch } from "../../packages/oal/dist/data/batches.js";
import { classifierTaskOf } from "../steps/classifierStep.mjs";
import { growthCase } from "../steps/growth.mjs";
import { writeSet } from "../steps/loading.mjs";

const batch = 128;
const augmentation = { flip: "random", crop: { padding: 1, mode: "reflect" } };

export default growthCase({
  title: () => "one epoch of batches, pictures of 8 pixels, by images",
  unit: "µs an image",
  sizes: [1000, 10_000, 100_000, 1_000_000],
  small: [200, 400],
  from: 10_000,
  prepare: (size, _given, folder) => writeSet(join(folder, String(size)), size, 8),
  make: async (size, _given, folder) => ({
    step: async () => {
      const set = openImageSet(join(folder, String(size)));
      const options = { network: "resnetSmall", options: { width: 4, blocks: 1 }, batch };
      const task = classifierTaskOf(options, { augmentation }, [], set);
      for (let step = 0; step < stepsPerEpoch(size, batch); step++) task.batch(step);
      task.close();
    },
  }),
});
