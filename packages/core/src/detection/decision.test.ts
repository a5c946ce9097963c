/** A decision keeps what it promises, its p values are conformal, and JSON gives it back bit for bit. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random/index.js";
import {
  decide,
  decisionFromJson,
  decisionToJson,
  makeDecision,
  pValueTable,
  type Decision,
} from "./index.js";

const scores = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 60 });
const share = fc.double({ min: 0.01, max: 1, noNaN: true });
const roundTrip = (decision: Decision): Decision =>
  decisionFromJson(JSON.parse(JSON.stringify(decisionToJson(decision))));

describe("makeDecision", () => {
  it("keeps at least the wanted share, all of a tie", () => {
    const cut = (values: number[], target?: number): unknown => {
      const { cuts, kept, count } = makeDecision(values, { detector: "ebo", ...(target ? { target } : {}) });
      return { ...cuts, kept, count };
    };
    expect(cut([1, 2, 3, 4, 5], 0.5)).toEqual({ unknown: 3, kept: 0.6, count: 5 });
    expect(cut([1, 1, 1, 4], 0.5)).toEqual({ unknown: 1, kept: 1, count: 4 });
    expect(cut(Array.from({ length: 99 }, (_, i) => i))).toMatchObject({ unknown: 4, kept: 95 / 99 });
    expect(cut([7])).toMatchObject({ unknown: 7 });
    expect(cut([1, 2, 3, 4], 1)).toEqual({ unknown: 1, kept: 1, count: 4 });
    expect(() => makeDecision([], { detector: "ebo" })).toThrow("no ID sample");
    expect(() => makeDecision([NaN], { detector: "ebo" })).toThrow("NaN");
  });

  it.each([NaN, 0, -0.5, 1.0001, Infinity])("refuses to keep a share of %j", (target) => {
    const refused = expect.objectContaining({ code: "OAL-E210" });
    expect(() => makeDecision([1, 2], { detector: "ebo", target })).toThrowError(refused);
    expect(() => makeDecision([1, 2], { detector: "ebo", ask: target })).toThrowError(refused);
  });

  it("keeps what it promises of a picture more, and the next higher cut would not", () => {
    fc.assert(
      fc.property(scores, share, (given, target) => {
        const { cuts, kept } = makeDecision(given, { detector: "ebo", target });
        const n = given.length;
        const reached = given.filter((score) => score >= cuts.unknown).length;
        const above = given.filter((score) => score > cuts.unknown).length;
        const promises = reached / (n + 1) >= target - 1e-9 || reached === n;
        return kept === reached / n && promises && above / (n + 1) < target;
      }),
    );
  });

  it("asks about the known pictures that are hardest to tell", () => {
    const decision = makeDecision([1, 2, 3, 4, 5], { detector: "ebo", target: 1, ask: 0.5 });
    expect(decision.cuts).toEqual({ unknown: 1, ask: 3 });
    const said = [0, 1, 2.9, 3].map((score) => decide(decision, score));
    expect(said.map(({ known, ask }) => [known, ask])).toEqual([
      [false, false],
      [true, true],
      [true, true],
      [true, false],
    ]);
    expect(() => makeDecision([1], { detector: "ebo", target: 0.5, ask: 0.6 })).toThrowError(
      expect.objectContaining({ code: "OAL-E211" }),
    );
  });
});

describe("p values", () => {
  it("count the calibration scores that do not exceed the score", () => {
    fc.assert(
      fc.property(scores, fc.float({ noNaN: true }), (given, score) => {
        const { pValue } = decide(makeDecision(given, { detector: "ebo" }), score);
        const below = Float32Array.from(given).filter((each) => each <= score).length;
        expect(pValue).toBeCloseTo((1 + below) / (given.length + 1), 12);
      }),
    );
  });

  it("of stored quantiles are never too small, and too large by less than one stored score", () => {
    const random = new Random(0, "decision");
    const given = random.normals(0, 5000);
    const decision = makeDecision(given, { detector: "ebo" });
    expect(decision.calibration).toHaveLength(2048);
    expect(decision.count).toBe(5000);
    for (const score of [...random.normals(1, 500), ...given.slice(0, 500), -9, 9]) {
      const exact = (1 + given.filter((each) => Math.fround(each) <= Math.fround(score)).length) / 5001;
      const { pValue } = decide(decision, score);
      expect(pValue).toBeGreaterThanOrEqual(exact - 1e-12);
      expect(pValue - exact).toBeLessThan(1 / 2048);
    }
    expect(pValueTable(decision).at(-1)).toBe(1);
  });

  it("of exchangeable pictures fall below a with probability at most a", () => {
    const random = new Random(1, "decision");
    const [trials, n] = [4000, 19];
    for (const a of [0.05, 0.1, 0.25, 0.5]) {
      let hits = 0;
      for (let trial = 0; trial < trials; trial++) {
        const drawn = random.normals(trial, n + 1);
        if (decide(makeDecision(drawn.slice(1), { detector: "ebo" }), drawn[0] ?? 0).pValue <= a) hits++;
      }
      // n + 1 = 20 makes every a of these exact: the rate is a, give or take four standard errors.
      expect(Math.abs(hits / trials - a)).toBeLessThan(4 * Math.sqrt((a * (1 - a)) / trials));
    }
  });
});

describe("cuts per class", () => {
  const decision: Decision = {
    ...makeDecision([1, 2, 3, 4], { detector: "ebo", target: 1 }),
    perClass: [{ unknown: 3 }, { unknown: -1, ask: 2 }],
  };

  it("decide for their class, the pooled cut for any other", () => {
    expect([0, 1, 2, undefined].map((predicted) => decide(decision, 2, predicted).known)).toEqual([
      false,
      true,
      true,
      true,
    ]);
    expect(decide(decision, 1, 1).ask).toBe(true);
    expect(roundTrip(decision)).toEqual(decision);
  });
});

describe("the JSON form", () => {
  it("gives the decision back bit for bit", () => {
    fc.assert(
      fc.property(scores, share, (given, target) => {
        const decision = makeDecision(given, { detector: "ebo", target });
        expect(roundTrip(decision)).toEqual(decision);
      }),
    );
  });

  it("names numbers in few digits", () => {
    expect(JSON.stringify(decisionToJson(makeDecision([0.1], { detector: "ebo" })))).toContain(
      '"calibration":[0.1]',
    );
  });

  it.each([
    [null],
    [{}],
    [{ ...decisionToJson(makeDecision([1, 2], { detector: "ebo" })), cuts: {} }],
    [{ ...decisionToJson(makeDecision([1, 2], { detector: "ebo" })), calibration: [2, 1] }],
    [{ ...decisionToJson(makeDecision([1, 2], { detector: "ebo" })), calibration: [] }],
    [{ ...decisionToJson(makeDecision([1, 2], { detector: "ebo" })), count: 1 }],
    [{ ...decisionToJson(makeDecision([1, 2], { detector: "ebo" })), kept: 2 }],
  ])("refuses %j", (value) => {
    expect(() => decisionFromJson(value)).toThrowError(expect.objectContaining({ code: "OAL-E212" }));
  });
});
