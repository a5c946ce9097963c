import { describe, it } from "vitest";
import { resumeTrial } from "./resumeTrial.js";

/** Set OAL_SEED to try other moments. */
const seed = Number(process.env["OAL_SEED"] ?? 14);

describe("a run that is stopped", { timeout: 240_000 }, () => {
  it("goes on after kill -9 and Ctrl-C at random moments, and ends with the same bits", async () => {
    await resumeTrial(seed, 2);
  });
});
