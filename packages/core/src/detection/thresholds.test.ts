import { expect, it } from "vitest";
import { calibrateThreshold } from "./index.js";

it("a threshold keeps at least the share asked for, and the next higher one would not", () => {
  for (let count = 1; count <= 60; count++) {
    const confidence = Array.from({ length: count }, (_, i) => (i * 7) % count);
    for (const keep of [0.05, 0.1, 0.5, 0.6, 0.9, 0.95, 1]) {
      const { value, kept } = calibrateThreshold(confidence, keep);
      const share = confidence.filter((each) => each >= value).length / count;
      const above = confidence.filter((each) => each > value).length / count;
      expect(kept).toBe(share);
      expect(share).toBeGreaterThanOrEqual(keep);
      expect(above, `${count} ${keep}`).toBeLessThan(keep);
    }
  }
});
