import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOalError } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfiguration } from "../configuration/index.js";
import { candidatesOf, groundOf, pointAsGiven, pointName, type Load } from "./candidates.js";
import { combinationsOf, joined, pointsOfFile } from "./points.js";

const folder = mkdtempSync(join(tmpdir(), "oal-points-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function failure(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (isOalError(error, "OAL-C305") || isOalError(error, "OAL-C306"))
      return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error("nothing was thrown");
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe("combinations", () => {
  it("are all of them, the last key fastest; commas within brackets and quotes divide nothing", () => {
    expect(
      combinationsOf(["a.b=1, 2", "methods=kd,[ce, oal]", 'c={x: 1, y: "p,q"},z']).map(
        ({ values }) => values,
      ),
    ).toEqual([
      { "a.b": "1", methods: "[kd]", c: '{x: 1, y: "p,q"}' },
      { "a.b": "1", methods: "[kd]", c: "z" },
      { "a.b": "1", methods: "[ce, oal]", c: '{x: 1, y: "p,q"}' },
      { "a.b": "1", methods: "[ce, oal]", c: "z" },
      { "a.b": "2", methods: "[kd]", c: '{x: 1, y: "p,q"}' },
      { "a.b": "2", methods: "[kd]", c: "z" },
      { "a.b": "2", methods: "[ce, oal]", c: '{x: 1, y: "p,q"}' },
      { "a.b": "2", methods: "[ce, oal]", c: "z" },
    ]);
    expect(combinationsOf([])).toEqual([{ values: {} }]);
  });

  it.each([
    ["kd.temperature", "write section.key=a,b,c"],
    ["=1,2", "write section.key=a,b,c"],
    ["kd.temperature=1,,2", "a value between two commas is missing"],
    ["kd.temperature=", "a value between two commas is missing"],
    ["kd.temperature=1,2,1", "1 stands there twice"],
  ])("%s is refused", (spec, words) => {
    expect(failure(() => combinationsOf([spec]))).toContain(words);
  });

  it("name every key once", () => {
    expect(failure(() => combinationsOf(["a=1", "b=2", "a=3"]))).toContain("a is given twice");
  });
});

const sections = (): boolean => false;

describe("a file of points", () => {
  it("holds named points, keys dotted or inside sections, and goes with combinations", () => {
    const path = file(
      "points.yaml",
      "plain:\nuniform: { exposure: { uniformWeight: 0.5, start: 0 }, methods: kd }\nclub: { mi.embWeight: 0.1, evaluation.detectors: [msp, ebo] }\n",
    );
    const named = pointsOfFile(path, sections);
    expect(named).toEqual([
      { name: "plain", values: {} },
      {
        name: "uniform",
        values: { "exposure.uniformWeight": "0.5", "exposure.start": "0", methods: "[kd]" },
      },
      { name: "club", values: { "mi.embWeight": "0.1", "evaluation.detectors": '["msp","ebo"]' } },
    ]);
    expect(joined(named.slice(1, 2), combinationsOf(["exposure.start=1,2"]))).toEqual(
      ["1", "2"].map((start) => ({
        name: "uniform",
        values: { "exposure.uniformWeight": "0.5", "exposure.start": start, methods: "[kd]" },
      })),
    );
  });

  it.each([
    ["[1, 2]", "holds no points"],
    ["", "holds no points"],
    ["weak: 3", "weak must hold keys"],
    ["a: [", "cannot be read"],
  ])("%j is refused", (text, words) => {
    expect(failure(() => pointsOfFile(file("bad.yaml", text), sections))).toContain(words);
  });

  it("must be there", () => {
    expect(failure(() => pointsOfFile(join(folder, "none.yaml"), sections))).toContain("cannot be read");
  });
});

describe("candidates", () => {
  const load: Load = (set) => loadConfiguration("embedded", { set });

  it("leave out what has no effect, are one where they are equal, and judge the last method", () => {
    const points = combinationsOf(["kd.logitsWeight=0,1", "kd.temperature=1,2"]);
    const found = candidatesOf(points, load, ["student.epochs=3"]);
    expect(found.map(({ number, values }) => [number, values])).toEqual([
      [1, { "kd.logitsWeight": "0" }],
      [2, { "kd.logitsWeight": "1", "kd.temperature": "1" }],
      [3, { "kd.logitsWeight": "1", "kd.temperature": "2" }],
    ]);
    for (const { config } of found) {
      expect(config.methods).toEqual(["oal"]);
      expect(config.student.epochs).toBe(3);
    }
    expect(pointName(found[1] ?? { values: {} })).toBe("kd.logitsWeight=1 kd.temperature=1");
    expect(pointName({ values: {} })).toBe("as given");
  });

  it("begin with the configuration as it was given, by its own values of the keys that others change", () => {
    const points = combinationsOf(["kd.temperature=1,2", "methods=ce,oal", "boundary.sigma=auto,0.1"]);
    const first = pointAsGiven(load([]), points);
    expect(first).toEqual({
      values: { "kd.temperature": "2", methods: "[oal]", "boundary.sigma": "auto" },
      isAsGiven: true,
    });
    // it stands among the points once
    expect(candidatesOf([first, ...points], load)).toHaveLength(8);
    // what has no effect in it is not shown
    const idle = pointAsGiven(load(["kd.logitsWeight=0"]), combinationsOf(["kd.temperature=1,2"]));
    expect(idle.values).toEqual({});
  });

  it("are trained as given where that is asked for, whatever keys others set below its own", () => {
    const union: Load = (set) => load(["exposure.outliers=union", "union.members.rotate=0", ...set]);
    const points = combinationsOf(["union.members.latents=2"]);
    const given = union([]);
    const [first, second] = candidatesOf([pointAsGiven(given, points), ...points], union);
    expect(first?.values).toEqual({ "union.members.latents": "1" });
    expect(first?.config).toEqual({ ...given, methods: ["oal"] });
    expect(second?.config["union"]).toEqual({ members: { phase: 1, jigsaw: 1, rotate: 0, latents: 2 } });
  });

  it("may alone make what is searched a configuration that can be trained", () => {
    const own: Load = (set) => load(["methods=[oal]", "evaluation.scoreDetector=reject", ...set]);
    const points = combinationsOf(["exposure.rejectWeight=0.3,0.5"]);
    expect(() => own([])).toThrow("nothing makes in this run");
    expect(groundOf(own, points).exposure).toMatchObject({ rejectWeight: 0.3 });
    expect(groundOf(load, points)).toEqual(load([]));
    expect(failure(() => groundOf(own, combinationsOf(["exposure.fraction=0.3,0.5"])))).toContain(
      "nothing makes",
    );
  });

  it("refuse by name a point whose configuration is refused, and the lack of anything to compare", () => {
    const told = failure(() => candidatesOf(combinationsOf(["kd.temprature=1,2"]), load));
    expect(told).toMatch(/^OAL-C306 the point kd.temprature=1 .*did you mean "temperature"/);
    expect(failure(() => candidatesOf(combinationsOf(["kd.temperature=2"]), load))).toContain(
      "not two points",
    );
    const idle = combinationsOf(["kd.temperature=1,2"]);
    const weightless: Load = (set) => load(["kd.logitsWeight=0", ...set]);
    expect(failure(() => candidatesOf(idle, weightless))).toContain("not two points");
  });
});
