import { isOalError } from "oal-core";
import { expect, it } from "vitest";
import { loadConfiguration } from "./configuration/index.js";
import { refuseOtherRests } from "./drawnOutliers.js";

const official = loadConfiguration("official-small");

it("takes 128 images a step with 80 at the end of an epoch, and nothing else", () => {
  for (const images of [2000, 50_000]) expect(() => refuseOtherRests(official, "oal", images)).not.toThrow();
  for (const images of [1990, 2048, 80, 1999]) {
    try {
      refuseOtherRests(official, "oal", images);
      expect.unreachable(`${images} images`);
    } catch (error) {
      if (!isOalError(error, "OAL-T140")) throw error;
      expect(error.message).toContain(`${images} images`);
    }
  }
});

it("leaves students alone that draw no outliers, and runs with the row fixed", () => {
  for (const recipe of ["ce", "kd", "head"]) refuseOtherRests(official, recipe, 1990);
  const fixed = loadConfiguration("official-small", { set: ["fixes.r10=true"] });
  refuseOtherRests(fixed, "oal", 1990);
  const without = loadConfiguration("official-small", { set: ["mi.embWeight=0", "mi.latentWeight=0"] });
  refuseOtherRests(without, "oal", 1990);
});
