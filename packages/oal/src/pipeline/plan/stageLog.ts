/**
 * What a stage told while it was made, kept with its artifact: loss curves and warnings. An artifact may have been made by
 * another run, on another day; a report shows its curves all the same. The record is the same whether the stage was
 * interrupted or not.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";
import { newestStep } from "../../training/checkpoint.js";
import type { Artifact } from "../artifact.js";
import { isRunEvent, type RunEvent, type StageEvents } from "../events.js";

/** The file inside an artifact. */
const logName = "log.json";
/** The file among the checkpoints that survives a stop. */
const journalName = "journal.jsonl";

const schema = z.object({
  /** [step, value] by term by training ("teacher", "autoEncoder"). */
  curves: z.record(z.string(), z.record(z.string(), z.array(z.tuple([z.number(), z.number()])))),
  warnings: z.array(z.string()),
});

/** The record of a stage. */
export type StageLog = z.infer<typeof schema>;

/** The events of a stage, which also writes what belongs into its record. */
export function recordingEvents(events: StageEvents, stage: string, checkpoints: string): StageEvents {
  const path = join(checkpoints, journalName);
  const keep = (event: RunEvent): void => appendFileSync(path, `${JSON.stringify(event)}\n`);
  return {
    ...events,
    emit(event) {
      events.emit(event);
      if (event.kind === "loss") keep({ time: 0, stage, ...event });
    },
    warning(text) {
      events.warning(text);
      keep({ time: 0, stage, kind: "warning", text });
    },
  };
}

/** How far an attempt came that was stopped: steps of its only training. Null where it kept no checkpoint, or has several trainings. */
export function stoppedAt(checkpoints: string): { readonly step: number; readonly total: number } | null {
  const steps = newestStep(checkpoints);
  const losses = journalOf(checkpoints).filter(({ kind }) => kind === "loss");
  const total = losses.at(-1)?.total;
  if (steps === null || total === undefined || new Set(losses.map(({ text }) => text)).size > 1) return null;
  return { step: steps, total };
}

function journalOf(checkpoints: string): readonly RunEvent[] {
  const path = join(checkpoints, journalName);
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").flatMap(eventIn) : [];
}

/** Turns the journal among the checkpoints into the artifact's record. */
export function writeStageLog(folder: string, checkpoints: string): void {
  const events = journalOf(checkpoints);
  const warnings = events.filter(({ kind }) => kind === "warning").map(({ text }) => text ?? "");
  const log: StageLog = { curves: curvesOf(events), warnings: [...new Set(warnings)] };
  writeFileSync(join(folder, logName), `${JSON.stringify(log)}\n`);
}

/** The record of an artifact. @throws OAL-I103 when it is damaged */
export async function readStageLog(artifact: Artifact): Promise<StageLog> {
  const path = join(artifact.folder, logName);
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    throw oalError("OAL-I103", { path, problem: "it is no record of a stage" }, error);
  }
}

/** A line of the journal; one cut short by a crash is none. */
function eventIn(line: string): RunEvent[] {
  try {
    const event: unknown = JSON.parse(line);
    return isRunEvent(event) ? [event] : [];
  } catch {
    return [];
  }
}

/** The curves among events: step and value by term by training. A step told twice, after a restart, replaces what was told first and everything behind it. */
export function curvesOf(events: readonly RunEvent[]): StageLog["curves"] {
  const trainings = new Map<string, Map<string, Map<number, number>>>();
  for (const { kind, step, terms, text } of events) {
    if (kind !== "loss" || step === undefined || !terms) continue;
    const name = text ?? "training";
    const curves = trainings.get(name) ?? new Map<string, Map<number, number>>();
    trainings.set(name, curves);
    for (const [term, value] of Object.entries(terms)) {
      const points = curves.get(term) ?? new Map<number, number>();
      curves.set(term, points);
      for (const known of points.keys()) if (known >= step) points.delete(known);
      points.set(step, value);
    }
  }
  return Object.fromEntries(
    [...trainings].map(([name, curves]) => [
      name,
      Object.fromEntries([...curves].map(([term, points]) => [term, [...points]])),
    ]),
  );
}
