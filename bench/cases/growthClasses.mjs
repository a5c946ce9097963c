import { ourBoundary } from "../steps/boundary.mjs";
import { growthCase } from "../steps/growth.mjs";

export default growthCase({
  title: ({ perClass, width }) =>
    `boundary sampling, ${perClass} embeddings of ${width} features a class, by classes`,
  unit: "ms a class",
  settings: {
    perClass: 100,
    width: 128,
    rounds: 1,
    k: 50,
    select: 10,
    anchors: 10,
    noise: 128,
    keep: 2,
    sigma: 0.07,
  },
  sizes: [10, 100, 1000],
  small: [2, 4],
  make: (size, given) => ourBoundary()({ ...given, classes: size }),
});
