/** What `oal explain` says of the built-in detectors: nothing is left out, and the traps of each are told. */
import { describe, expect, it } from "vitest";
import { detectors, type Detector } from "../index.js";

/** Tests that share this process may have registered detectors of their own. */
const builtIn = detectors.all.filter(({ id }) => !id.startsWith("test"));
const textOf = ({ source, notes }: Detector): string => [source, ...notes].join("\n");

describe.each(builtIn.map((detector) => [detector.id, detector] as const))("%s", (_id, detector) => {
  it("has a formula and a source", () => {
    expect(detector.formula).toMatch(/\S/);
    expect(detector.source).toMatch(/\d{4}/);
  });

  it("says what a picture costs and, once, what is kept", () => {
    expect(detector.cost).toMatch(/^[^;]*\S; [^;]*\bnumbers?\b[^;]*$/);
  });

  it("says what OpenOOD and pytorch-ood do", () => {
    expect(detector.notes).not.toEqual([]);
    expect(textOf(detector)).toContain("OpenOOD");
    expect(textOf(detector)).toContain("pytorch-ood");
  });

  it("says it in sentences", () => {
    for (const note of detector.notes) expect(note).toMatch(/^\S.*\S\.$/);
  });
});

it("holds all that are built in", () => {
  expect(builtIn.length).toBeGreaterThanOrEqual(43);
});

describe("traps", () => {
  it.each([
    ["mds", /[Dd]ead .*duplicate features[^]*class without training pictures/],
    ["rmds", /[Dd]ead .*duplicate features[^]*class without training pictures/],
    ["neco", /dead feature's deviation counts as 1[^]*as many as the features/],
    ["vim", /as many dimensions as features[^]*whole matrix/],
    ["residual", /as many dimensions as features[^]*whole matrix/],
    ["she", /without a correctly classified picture/],
    ["openmax", /without a correctly classified training picture/],
    ["klm", /excludes, the divergence/],
    ["knn", /feature of zeros[^]*near 0/],
    ["gen", /saturated/],
    ["ash_b", /equal elements at the cut[^]*fewer positive/],
    ["ash_p", /equal elements at the cut[^]*fewer positive/],
    ["ash_s", /equal elements at the cut[^]*fewer positive[^]*feature of zeros/],
    ["scale", /feature of zeros/],
    ["adascale_a", /equal gradients/],
    ["adascale_l", /equal gradients/],
    ["iodin", /equal gradients/],
    ["relation", /0\.03/],
    ["nnguide", /order: published[^]*order: spread/],
    ["temp_scaling", /negative T[^]*inverts the ranking[^]*exactly 1/],
    ["msp", /exactly 1/],
    ["mcm", /exactly 1/],
  ])("of %s are told", (id, words) => {
    expect(textOf(detectors.find(id))).toMatch(words);
  });

  it("of signed features are told where the formula takes features for activations", () => {
    const signed = [
      "react",
      "vra",
      "ash_b",
      "ash_p",
      "ash_s",
      "scale",
      "adascale_a",
      "adascale_l",
      "dice",
      "gradnorm",
    ];
    expect(builtIn.filter(({ assumesPositive }) => assumesPositive).map(({ id }) => id)).toEqual(signed);
  });
});
