// Flips and padded crops of a batch, against the batched form that trainings in PyTorch use (pad, gather shifts, flip by a mask).
import { Random } from "../../packages/core/dist/index.js";
import { augmentBatch } from "../../packages/oal/dist/data/batches.js";

export default {
  title: ({ batch, side, padding }) =>
    `random flips and crops of ${batch} pictures of ${side} pixels, padded by ${padding}`,
  unit: "ms a batch",
  settings: { batch: 512, side: 32, padding: 4, runs: 10 },
  short: { batch: 16, runs: 1 },
  work: ({ runs }) => runs,
  contestants: {
    oal: {
      make: async ({ batch, side, padding, runs }) => {
        const pixels = new Uint8Array(batch * 3 * side * side).map((_, i) => (i * 7919) % 251);
        const random = new Random(0, "augmentation");
        const indices = Int32Array.from({ length: batch }, (_, i) => i);
        const spec = { flip: "random", crop: { padding, mode: "reflect" } };
        let step = 0;
        return {
          step: async () => {
            for (let i = 0; i < runs; i++) augmentBatch(pixels, spec, random, step++, 0, indices);
          },
        };
      },
    },
    PyTorch: { needs: "torch", python: "augmentation" },
  },
};
