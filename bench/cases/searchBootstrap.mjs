// Paired resamples of detectors on a board of the size of OpenOOD's for CIFAR-10: every metric, all detectors with the same draws.
import { Random } from "../../packages/core/dist/index.js";
import { resampleAtOnce } from "../../packages/oal/dist/evaluation/resample.js";
import { resampleInThreads } from "../../packages/oal/dist/evaluation/resampleThreads.js";

/** OpenOOD's counts for CIFAR-10: test images, then CIFAR-100, Tiny ImageNet, MNIST, SVHN, Textures, Places365. */
const board = [9000, 9000, 7793, 70_000, 26_032, 5640, 35_195];

export default {
  title: ({ detectors, resamples, share }) =>
    `${resamples} paired resamples of ${detectors} detectors on ${Math.round(share * board.reduce((a, b) => a + b))} scores, six sets, all metrics`,
  unit: "ms a resample",
  settings: { detectors: 2, resamples: 2000, share: 1 },
  short: { resamples: 10, share: 0.01 },
  repetitions: 2,
  warm: false,
  work: ({ resamples }) => resamples,
  contestants: {
    "one thread": {
      make: async (settings) => {
        const task = taskOf(settings);
        return { step: async () => void resampleAtOnce(task) };
      },
    },
    oal: {
      make: async (settings) => {
        const task = taskOf(settings);
        return { step: async () => void (await resampleInThreads(task, { threads: settings.threads })) };
      },
    },
  },
};

/** Normal scores of every detector, the known ones a deviation higher. */
function taskOf({ detectors, resamples, share }) {
  const random = new Random(11, "bench/board");
  const [ids, ...oods] = board.map((count) => Math.round(share * count));
  const rows = Array.from({ length: detectors }, (_, row) => ({
    id: random.normals(1000 * row, ids).map((x) => x + 1),
    ood: oods.map((count, set) => random.normals(1000 * row + set + 1, count)),
  }));
  return { rows, resamples, seed: 0, stream: undefined };
}
