import { detectionMetrics, Random } from "../../packages/core/dist/index.js";
import { growthCase } from "../steps/growth.mjs";

export default growthCase({
  title: () => "detection metrics, by scores (they are sorted)",
  unit: "µs a score",
  sizes: [1000, 10_000, 100_000, 1_000_000],
  small: [100, 200],
  from: 10_000,
  make: async (size) => {
    const random = new Random(6, "bench/scores");
    const id = random.normals(0, size / 2).map((x) => x + 1);
    const ood = random.normals(1, size / 2);
    return { step: async () => detectionMetrics(id, ood) };
  },
});
