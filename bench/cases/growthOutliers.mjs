import { ourBoundary } from "../steps/boundary.mjs";
import { growthCase } from "../steps/growth.mjs";

const anchors = 10;
const rounds = 10;

export default growthCase({
  title: ({ width }) =>
    `boundary sampling, 10 classes of 100 embeddings of ${width} features, by outliers kept`,
  unit: "µs an outlier",
  settings: { classes: 10, perClass: 100, width: 128, rounds, k: 50, select: anchors, anchors, sigma: 0.07 },
  sizes: [1000, 10_000, 100_000, 1_000_000],
  small: [1000, 2000],
  from: 10_000,
  make: (size, given) => {
    const keep = size / (given.classes * anchors * rounds);
    // more outliers by more rounds: their candidates are drawn anew
    const times = Math.max(1, keep / 100);
    return ourBoundary()({ ...given, rounds: rounds * times, keep: keep / times, noise: 200 });
  },
});
