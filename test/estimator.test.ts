/** CLUB of pairs whose information is known: with q fitted it is the bound that the formula gives, as published it is none. */
import { expect, it } from "vitest";
import { cpuEngine } from "../packages/oal/dist/runtime/engines/index.js";
import { estimate } from "../recipes/clubEstimator.mjs";

// the recipe computes with the built program
const engine = await cpuEngine({ threads: 1 });

it("CLUB with q fitted is within 10 % of d rho^2 / (1 - rho^2) and above the information; unfitted it is 0 or less", async () => {
  const found = await estimate(engine, {
    dimension: 8,
    rho: 0.6,
    hidden: 64,
    batch: 128,
    steps: 250,
    rate: 1e-2,
    down: 40,
    samples: 6000,
  });
  expect(found.information).toBeCloseTo(1.785, 3);
  expect(found.exact).toBeCloseTo(4.5, 10);
  expect(Math.abs(found.fitted / found.exact - 1)).toBeLessThan(0.1);
  expect(found.fitted).toBeGreaterThan(found.information);
  expect(Math.abs(found.fittedShuffled)).toBeLessThan(0.15);
  expect(Math.abs(found.publishedRandomPairs)).toBeLessThan(0.05);
  expect(found.publishedTruePairs).toBeLessThan(0);
});
