/** How fast this machine did each kind of work, as earlier runs measured it; `oal plan` estimates from it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileWhole } from "../../runtime/writeFile.js";
import { z } from "zod";
import { canonicalJson, sha256 } from "../canonical.js";
import { hardware } from "../hardware.js";
import type { Effort } from "../plan/stage.js";
import { makeFolder } from "../../runtime/makeFolder.js";

const schema = z.object({ amount: z.number().positive(), seconds: z.number().min(0) });

function pathOf(store: string, { unit }: Effort): string {
  const { cpu, cores, platform } = hardware();
  const name = sha256(canonicalJson({ unit, cpu, cores, platform })).slice(0, 24);
  return join(store, "rates", `${name}.json`);
}

/** Notes how long work took. A note that cannot be written is none: estimates are no result. */
export async function recordRate(store: string, effort: Effort, seconds: number): Promise<void> {
  const path = pathOf(store, effort);
  try {
    await makeFolder(join(store, "rates"));
    await writeFileWhole(path, `${JSON.stringify({ amount: effort.amount, seconds })}\n`);
  } catch {
    // without a note the next estimate is "unknown"
  }
}

/** Seconds that work will take, or null where this machine has not done its like. */
export async function estimate(store: string, effort: Effort): Promise<number | null> {
  try {
    const { amount, seconds } = schema.parse(JSON.parse(await readFile(pathOf(store, effort), "utf8")));
    return (seconds / amount) * effort.amount;
  } catch {
    return null;
  }
}
