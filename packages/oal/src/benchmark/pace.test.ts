import { expect, it } from "vitest";
import { Pace } from "./pace.js";

it("tells once how long the rest takes, as soon as a rate is known", () => {
  const told: string[] = [];
  const pace = new Pace(100_000, (sentence) => told.push(sentence));
  pace.add(0, 60); // a set that was known
  pace.add(400, 2);
  expect(told).toEqual([]);
  pace.add(9600, 38);
  pace.add(1000, 90);
  expect(told).toEqual([
    expect.stringContaining("90,000 images are still to go through models, about 6 min 00 s at 250 a second"),
  ]);
});
