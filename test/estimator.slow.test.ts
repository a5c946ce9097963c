/** The table of docs/method.md: CLUB in three numbers of dimensions at five strengths of dependence. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cpuEngine } from "../packages/oal/dist/runtime/engines/index.js";
import { correlations, dimensions, estimate } from "../recipes/clubEstimator.mjs";

// the recipe computes with the built program
const engine = await cpuEngine({ threads: 1 });

const file = new URL("../docs/method/club.json", import.meta.url);
const stored: unknown = JSON.parse(readFileSync(file, "utf8"));
/** Rows of the recorded computation as numbers by name. */
const recorded = (Array.isArray(stored) ? stored : []).map((row: unknown) => {
  const numbers = new Map(Object.entries(Object(row)).map(([name, value]) => [name, Number(value)]));
  const number = (name: string): number => numbers.get(name) ?? Number.NaN;
  const [dimension, rho] = [number("dimension"), number("rho")];
  return {
    dimension,
    rho,
    fitted: number("fitted"),
    exact: number("exact"),
    information: number("information"),
  };
});

describe.each(dimensions)("CLUB in %i dimensions", (dimension) => {
  it.each(correlations)(
    "at correlation %d is a tenth from the formula at most, and above the information",
    async (rho) => {
      const found = await estimate(engine, {
        dimension,
        rho,
        hidden: 4 * Math.max(dimension, 16),
        batch: 256,
        steps: 400 + 10 * dimension,
        rate: 1e-2,
        down: 0,
        samples: 10_000,
      });
      const kept = recorded.find((row) => row.dimension === dimension && row.rho === rho);
      for (const { fitted, exact, information } of [found, ...(kept ? [kept] : [])]) {
        expect(Math.abs(fitted / exact - 1)).toBeLessThan(0.1);
        expect(fitted).toBeGreaterThan(information);
      }
      expect(kept).toBeDefined();
    },
  );
});
