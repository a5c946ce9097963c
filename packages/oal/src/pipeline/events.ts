/**
 * The event log of a run: events.jsonl, one JSON object per line, appended as things happen, plus a listener in this
 * process. The terminal and the report read nothing else. A line cut short by a crash is closed on opening and skipped
 * on reading.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { writeAll } from "../data/shards.js";
import { writeError } from "../runtime/systemError.js";

/** The kinds of event: a step, a step with loss terms, a remark, a warning, the end of a stage. */
export type EventKind = "progress" | "loss" | "message" | "warning" | "done";

/** One event of a run. */
export interface RunEvent {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The stage, as "teacher", or "student:oal" for one of several students. */
  readonly stage: string;
  readonly kind: EventKind;
  /** Steps finished. */
  readonly step?: number;
  /** Steps in all. */
  readonly total?: number;
  /** Loss terms or other figures by name. */
  readonly terms?: Readonly<Record<string, number>>;
  readonly learningRate?: number;
  /** Items (images, steps) per second. */
  readonly rate?: number;
  readonly text?: string;
}

/** What a stage hands to its log: the event without time and stage. */
export type StageEvent = Omit<RunEvent, "time" | "stage">;

/** The log as one stage sees it. */
export interface StageEvents {
  /** Writes an event of this stage. */
  emit(event: StageEvent): void;
  /** Writes how far the stage is, at most four times a second; the last step is always written. */
  progress(step: number, total: number, more?: Omit<StageEvent, "kind" | "step" | "total">): void;
  /** Writes a remark. */
  message(text: string): void;
  /** Writes a warning; the same text is written once per stage. */
  warning(text: string): void;
}

/** What gives every stage its log. */
export interface StageLogs {
  stage(stage: string): StageEvents;
}

/** Logs that only tell a listener: for work outside a run folder. */
export function listenerLogs(listener?: (event: RunEvent) => void): StageLogs {
  const warned = new Set<string>();
  return {
    stage: (stage) =>
      stageEvents(stage, (event) => listener?.({ time: Date.now(), stage, ...event }), warned),
  };
}

function stageEvents(stage: string, emit: (event: StageEvent) => void, warned: Set<string>): StageEvents {
  let last = -Infinity;
  return {
    emit,
    progress: (step, total, more) => {
      const now = performance.now();
      if (now - last < 250 && step < total) return;
      last = now;
      emit({ kind: "progress", step, total, ...more });
    },
    message: (text) => emit({ kind: "message", text }),
    warning: (text) => {
      if (warned.has(`${stage}\n${text}`)) return;
      warned.add(`${stage}\n${text}`);
      emit({ kind: "warning", text });
    },
  };
}

/** The open log of a run. */
export class EventLog implements StageLogs {
  readonly path: string;
  readonly #file: number;
  readonly #listener: ((event: RunEvent) => void) | undefined;
  readonly #warned = new Set<string>();

  /**
   * Opens the log for appending.
   *
   * @param path events.jsonl
   * @param listener called with every event after it was written
   * @throws OAL-I101 when the file cannot be written
   */
  constructor(path: string, listener?: (event: RunEvent) => void) {
    this.path = path;
    this.#listener = listener;
    try {
      this.#file = openSync(path, "a+");
      const { size } = fstatSync(this.#file);
      const last = Buffer.alloc(1);
      if (size > 0 && readSync(this.#file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a) {
        writeAll(this.#file, Buffer.from("\n"), null);
      }
    } catch (error) {
      throw writeError(path, error);
    }
  }

  /** Writes one event. @throws OAL-I101 when the disk is full or the file is gone */
  emit(stage: string, event: StageEvent): void {
    const whole: RunEvent = { time: Date.now(), stage, ...event };
    try {
      writeAll(this.#file, Buffer.from(`${JSON.stringify(whole)}\n`), null);
    } catch (error) {
      throw writeError(this.path, error);
    }
    this.#listener?.(whole);
  }

  /** The log for one stage. */
  stage(stage: string): StageEvents {
    return stageEvents(stage, (event) => this.emit(stage, event), this.#warned);
  }

  /** Closes the file. */
  close(): void {
    closeSync(this.#file);
  }
}

const kinds: readonly unknown[] = ["progress", "loss", "message", "warning", "done"];

/** Is this an event, as read from a log? */
export function isRunEvent(value: unknown): value is RunEvent {
  return (
    typeof value === "object" &&
    value !== null &&
    "time" in value &&
    typeof value.time === "number" &&
    "stage" in value &&
    typeof value.stage === "string" &&
    "kind" in value &&
    kinds.includes(value.kind)
  );
}

/** Reads the events of a run, oldest first; lines that are no event (cut short by a crash) are skipped; no file, no events. */
export function readEvents(path: string): RunEvent[] {
  if (!existsSync(path)) return [];
  const events: RunEvent[] = [];
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line === "") continue;
    try {
      const event: unknown = JSON.parse(line);
      if (isRunEvent(event)) events.push(event);
    } catch {
      // the line of a write that never finished
    }
  }
  return events;
}
