import { isOalError } from "oal-core";
import { expect, it } from "vitest";
import { loadConfiguration } from "./configuration/index.js";
import { firstSeed, seedConfigurations, seedsOf, studentsOf } from "./seeds.js";

const configured = (...set: string[]) => loadConfiguration(undefined, { set: ["methods=[ce, kd]", ...set] });

it("one seed is a run of one seed", () => {
  const config = configured("seed=3");
  expect([seedsOf(config), firstSeed(config)]).toEqual([{ vary: "run", seeds: [3] }, 3]);
  expect(seedConfigurations(config).run).toEqual([{ seed: 3, suffix: "", config }]);
  expect(studentsOf(config).map(({ label }) => label)).toEqual(["ce", "kd"]);
});

it("seeds of the run vary everything, each as a run of that seed alone", () => {
  const config = configured("seeds=[2, 7]");
  const { run, students } = seedConfigurations(config);
  expect(run).toEqual(students);
  expect(run.map(({ suffix }) => suffix)).toEqual(["", ".seed7"]);
  expect(run[1]?.config).toEqual(configured("seed=7"));
  expect(firstSeed(config)).toBe(2);
  expect(studentsOf(config).map(({ label, seed }) => [label, seed])).toEqual([
    ["ce", 2],
    ["kd", 2],
    ["ce.seed7", 7],
    ["kd.seed7", 7],
  ]);
});

it("seeds of the students leave the seed of data, teacher and outliers", () => {
  const config = configured("seed=9", "studentSeeds=[0, 1]");
  const { run, students } = seedConfigurations(config);
  expect(run).toEqual([{ seed: 9, suffix: "", config: configured("seed=9") }]);
  expect(students.map((each) => [each.seed, each.suffix, each.config.seed])).toEqual([
    [0, "", 0],
    [1, ".seed1", 1],
  ]);
  expect(firstSeed(config)).toBe(9);
});

it("what contradicts itself is refused", () => {
  for (const set of [
    ["seeds=[1, 1]"],
    ["seeds=[]"],
    ["seeds=[0]", "studentSeeds=[1]"],
    ["seed=4", "seeds=[0, 1]"],
  ]) {
    const thrown = (() => {
      try {
        return configured(...set);
      } catch (error) {
        return error;
      }
    })();
    expect(isOalError(thrown, "OAL-C202")).toBe(true);
  }
});
