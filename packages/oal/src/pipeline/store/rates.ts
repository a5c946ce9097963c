/** How fast this machine did each kind of work on each engine, as earlier runs measured it; `oal plan` estimates from it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineFacts } from "oal-core";
import { writeFileWhole } from "../../runtime/writeFile.js";
import { z } from "zod";
import { canonicalJson, sha256 } from "../canonical.js";
import { hardware } from "../hardware.js";
import type { Effort } from "../plan/stage.js";
import { makeFolder } from "../../runtime/makeFolder.js";

const schema = z.object({ amount: z.number().positive(), seconds: z.number().min(0) });

/** What of an engine decides how fast it is. */
export type Pace = Pick<EngineFacts, "device" | "threads" | "version" | "adapter">;

function pathOf(store: string, unit: unknown, { device, threads, version, adapter }: Pace): string {
  const { cpu, cores, platform } = hardware();
  const engine = { device, threads, version, adapter: adapter ?? null };
  const name = sha256(canonicalJson({ unit, cpu, cores, platform, engine })).slice(0, 24);
  return join(store, "rates", `${name}.json`);
}

/** What a rate is noted under: the unit itself, and what most of its time follows from. */
function unitsOf({ unit, like }: Effort): readonly unknown[] {
  return like === undefined ? [unit] : [unit, like];
}

/** Notes how long work took on an engine. A note that cannot be written is none: estimates are no result. */
export async function recordRate(
  store: string,
  effort: Effort,
  engine: Pace,
  seconds: number,
): Promise<void> {
  try {
    await makeFolder(join(store, "rates"));
    for (const unit of unitsOf(effort))
      await writeFileWhole(
        pathOf(store, unit, engine),
        `${JSON.stringify({ amount: effort.amount, seconds })}\n`,
      );
  } catch {
    // without a note the next estimate is "unknown"
  }
}

/** Seconds that work will take on an engine, from its like or else from what is almost like it; null where neither was done on it. */
export async function estimate(store: string, effort: Effort, engine: Pace): Promise<number | null> {
  for (const unit of unitsOf(effort)) {
    try {
      const { amount, seconds } = schema.parse(
        JSON.parse(await readFile(pathOf(store, unit, engine), "utf8")),
      );
      return (seconds / amount) * effort.amount;
    } catch {
      // not noted
    }
  }
  return null;
}
