import { describe, it } from "vitest";
import { resumeTrial } from "./resumeTrial.js";

/** Ctrl-C at a terminal is terminal.slow.test.ts; a checkpoint that is gone on with is trainer.test.ts. */
describe("a run that is stopped", { timeout: 600_000 }, () => {
  it.each([20, 21, 22])(
    "as often as one likes goes on, and ends with the same bits (seed %d)",
    async (seed) => {
      await resumeTrial(seed, 6);
    },
  );
});
