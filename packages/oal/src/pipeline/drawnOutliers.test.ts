import { expect, it } from "vitest";
import { loadConfiguration } from "./configuration/index.js";
import { restProblem } from "./drawnOutliers.js";

const official = loadConfiguration("official-small");

it("takes 128 images a step with 80 at the end of an epoch, and nothing else", () => {
  for (const images of [2000, 50_000]) expect(restProblem(official, "oal", images)).toBeUndefined();
  for (const images of [1990, 2048, 80, 1999]) {
    const problem = restProblem(official, "oal", images);
    expect(problem?.code).toBe("OAL-T140");
    expect(problem?.message).toContain(`${images} images`);
  }
});

it("leaves students alone that draw no outliers, and runs with the row fixed", () => {
  for (const recipe of ["ce", "kd", "head"]) expect(restProblem(official, recipe, 1990)).toBeUndefined();
  const fixed = loadConfiguration("official-small", { set: ["fixes.r10=true"] });
  expect(restProblem(fixed, "oal", 1990)).toBeUndefined();
  const without = loadConfiguration("official-small", { set: ["mi.embWeight=0", "mi.latentWeight=0"] });
  expect(restProblem(without, "oal", 1990)).toBeUndefined();
});
