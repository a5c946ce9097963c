import { describe, expect, it } from "vitest";
import { ranksOf, rankText } from "./ranks.js";

const figure = (mean: number, half: number): Parameters<typeof ranksOf>[0][number] => ({
  mean,
  interval: [mean - half, mean + half],
});

describe("ranks", () => {
  it("are shared by figures whose intervals overlap, and by nobody else", () => {
    const ranks = ranksOf([figure(0.9, 0.01), figure(0.8, 0.03), figure(0.76, 0.02), figure(0.5, 0.1)]);
    expect(ranks.map(rankText)).toEqual(["1", "2-3", "2-3", "4"]);
  });

  it("differ where the middle one overlaps with both and they do not with each other", () => {
    expect(ranksOf([figure(0.9, 0.02), figure(0.87, 0.02), figure(0.84, 0.02)]).map(rankText)).toEqual([
      "1-2",
      "1-3",
      "2-3",
    ]);
  });

  it("are those of the values where there are no intervals; equal values are ties", () => {
    const plain = [0.7, 0.9, 0.7].map((mean) => ({ mean, interval: null }));
    expect(ranksOf(plain).map(rankText)).toEqual(["2-3", "1", "2-3"]);
  });
});
