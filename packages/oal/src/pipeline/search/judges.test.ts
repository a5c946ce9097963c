/** By which detectors a search may compare its points. */
import { isOalError } from "oal-core";
import { expect, it } from "vitest";
import { loadConfiguration } from "../configuration/index.js";
import type { Candidate } from "./candidates.js";
import { judgesOf } from "./judges.js";

const given = loadConfiguration("embedded", {
  set: ["exposure.rejectWeight=0.5", "evaluation.detectors=[msp, ebo]"],
});
const oal: Candidate = { number: 1, values: { methods: "[oal]" }, config: { ...given, methods: ["oal"] } };
const kd: Candidate = { number: 2, values: { methods: "[kd]" }, config: { ...given, methods: ["kd"] } };
const msp: Candidate = {
  number: 3,
  name: "short",
  values: {},
  config: { ...oal.config, evaluation: { ...given.evaluation, detectors: ["msp"] } },
};

it("are those that every point is measured by, listed or of a head that its student trains", () => {
  expect(judgesOf(given, undefined, [oal, kd])).toEqual(["ebo"]);
  expect(judgesOf(given, ["softmax", "reject"], [oal, msp])).toEqual(["msp", "reject"]);
});

it.each([
  ["reject", [oal, kd], "the detector reject is not among those of the point methods=[kd]: msp, ebo ("],
  [
    "ebo",
    [oal, msp],
    "the detector ebo is not among those of the point short as given: msp, reject, rejectMsp (",
  ],
] as const)("%s is none where a point has it not", (judge, candidates, words) => {
  let thrown: unknown;
  try {
    judgesOf(given, [judge], candidates);
  } catch (error) {
    thrown = error;
  }
  if (!isOalError(thrown, "OAL-C305")) throw thrown;
  expect(thrown.message).toContain(words);
});
