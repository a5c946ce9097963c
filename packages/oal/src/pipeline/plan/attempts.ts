/** How long the stopped attempts at a stage took: its time is that of all of them, or a training that was stopped at nine tenths would be told as a tenth. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeFileWhole } from "../../runtime/writeFile.js";

/** The file among the checkpoints. */
export const attemptsName = "attempts.json";

const schema = z.object({
  /** Seconds of the attempts before the one that runs. */
  earlier: z.number().min(0),
  /** When the one that runs, or was killed, began; milliseconds since 1970. */
  began: z.number(),
  /** Seconds of that one, where it ended in order. */
  seconds: z.number().min(0).optional(),
});

/** An attempt at a stage. */
export interface Attempt {
  /** Wall seconds of the attempts before it. */
  readonly earlier: number;
  /** Whether it has nothing of another to go on from. */
  readonly isFirst: boolean;
  /** Notes how long it took, when it ends without a result. */
  stopped(): Promise<void>;
}

/**
 * Notes that an attempt begins. One that was killed had no time to say how long it took: it counts to the last write among its
 * checkpoints, where losses are noted as they come.
 *
 * @param checkpoints what survives a stop
 * @param began milliseconds since 1970
 */
export async function beginAttempt(checkpoints: string, began: number): Promise<Attempt> {
  const names = readdirSync(checkpoints).filter((name) => name !== attemptsName);
  const earlier = secondsIn(checkpoints, names);
  const path = join(checkpoints, attemptsName);
  const note = (seconds?: number): Promise<void> =>
    writeFileWhole(path, `${JSON.stringify({ earlier, began, seconds })}\n`);
  await note();
  return {
    earlier,
    isFirst: names.length === 0,
    stopped: () => note(Math.max(0, Date.now() - began) / 1000),
  };
}

function secondsIn(checkpoints: string, names: readonly string[]): number {
  try {
    const { earlier, began, seconds } = schema.parse(
      JSON.parse(readFileSync(join(checkpoints, attemptsName), "utf8")),
    );
    if (seconds !== undefined) return earlier + seconds;
    const written = names.map((name) => statSync(join(checkpoints, name)).mtimeMs);
    return earlier + Math.max(0, written.reduce((a, b) => Math.max(a, b), began) - began) / 1000;
  } catch {
    // none was begun, or its note is damaged: a time is no result
    return 0;
  }
}
