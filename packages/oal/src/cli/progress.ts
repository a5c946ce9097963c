/**
 * Shows the events of a run on stderr: a bar with rate and time left on a terminal, elsewhere a plain line at most every
 * ten seconds. Warnings are shown always, once.
 */
import { printable } from "oal-core";
import type { RunEvent } from "../pipeline/events.js";

/** Where and how to show. */
export interface ProgressOptions {
  /** Warnings only. */
  readonly quiet?: boolean;
  /** Default: whether stderr is a terminal. */
  readonly terminal?: boolean;
  /** Columns of the terminal. Default: those of stderr, 80 where it does not tell. */
  readonly columns?: () => number;
  /** Milliseconds between plain lines. Default 10 000. */
  readonly interval?: number;
  /** Default: stderr. */
  readonly write?: (text: string) => void;
  /** Default: the system's clock, in milliseconds. */
  readonly now?: () => number;
}

/** A view of a run's events. */
export interface ProgressView {
  /** Takes one event. */
  show(event: RunEvent): void;
  /** Writes a line of text, in place of the bar where there is one; quiet or not. */
  note(text: string): void;
  /** Removes the bar. */
  close(): void;
}

const barWidth = 24;
/** Milliseconds for which the bar stays with one of several stages that are made at the same time. */
const turnOf = 2000;
/** A count that was silent for so many times its usual interval, and this many milliseconds, was not counting: that time is no part of its rate. */
const pause = { times: 30, least: 5000 } as const;

/** A count: when and where it began, and its last event. */
interface Count {
  readonly time: number;
  readonly step: number;
  readonly last: number;
  readonly seen: number;
  readonly events: number;
}

/** The count with the time since its last event left out where that was a pause (intervals of one model, then hours of the next one's scores). */
function withoutPause(count: Count, now: number): Count {
  const silent = now - count.seen;
  const usual = (count.seen - count.time) / Math.max(1, count.events - 1);
  const isPause = count.events > 2 && silent > pause.least && silent > pause.times * usual;
  return isPause ? { ...count, time: count.time + silent - usual } : count;
}

/** Seconds as "45s", "3m20s", "2h05m". */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s}s`;
  const two = (n: number): string => String(n).padStart(2, "0");
  if (s < 3600) return `${Math.floor(s / 60)}m${two(s % 60)}s`;
  return `${Math.floor(s / 3600)}h${two(Math.floor((s % 3600) / 60))}m`;
}

/** Starts a view. */
export function showProgress(options: ProgressOptions = {}): ProgressView {
  const write = options.write ?? ((text) => void process.stderr.write(text));
  const now = options.now ?? Date.now;
  const terminal = options.terminal ?? (process.stderr.isTTY && process.env["TERM"] !== "dumb");
  const interval = options.interval ?? 10_000;
  const began = new Map<string, Count>();
  const columns = options.columns ?? (() => process.stderr.columns || 80);
  let bar = false;
  let lastLine = -Infinity;
  let turn: { readonly stage: string; readonly since: number } | undefined;

  const close = (): void => {
    if (bar) write("\r\u001b[K");
    bar = false;
  };
  const line = (text: string): void => {
    const open = bar;
    close();
    write(`${text}\n`);
    if (open) lastLine = now();
  };
  const latest = new Map<string, Pick<RunEvent, "terms" | "rate">>();
  const figures = (event: RunEvent): string => {
    const { step = 0, total = 0, text } = event;
    const known = began.get(event.stage);
    const isNew = known === undefined || step < known.last;
    // a stage may count more than once (auto-encoder, then denoiser): each count has a start and figures of its own
    if (isNew) latest.delete(event.stage);
    const at = now();
    const start = isNew ? { time: at, step, events: 0 } : withoutPause(known, at);
    began.set(event.stage, { ...start, last: step, seen: at, events: start.events + 1 });
    // loss terms and rates come in events of their own; the last ones known are shown together
    const { terms = {}, rate } = { ...latest.get(event.stage), ...event };
    latest.set(event.stage, rate === undefined ? { terms } : { terms, rate });
    const parts = Object.entries(terms)
      .slice(0, 4)
      .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
    if (text !== undefined && parts.length === 0) parts.push(printable(text, 60));
    if (rate !== undefined) parts.push(`${rate >= 10 ? Math.round(rate) : Number(rate.toPrecision(2))}/s`);
    // the rate told is that of the recent past; without one, the whole count's
    const perSecond = rate ?? (1000 * (step - start.step)) / (at - start.time);
    if (step > start.step && step < total && perSecond > 0)
      parts.push(`${duration((total - step) / perSecond)} left`);
    return parts.join("  ");
  };
  // Nothing but the line itself is written, no saved position, hidden cursor or other setting of the terminal: a process
  // that is killed or suspended leaves nothing behind, and the bar goes on wherever the cursor is then.
  const showBar = (event: RunEvent): void => {
    const { stage, step = 0, total = 0 } = event;
    const told = figures(event);
    if (turn?.stage !== stage) {
      if (turn && now() - turn.since < turnOf) return;
      turn = { stage, since: now() };
    }
    const share = total > 0 ? Math.min(1, step / total) : 0;
    const done = Math.round(barWidth * share);
    const drawn = "=".repeat(done) + "-".repeat(barWidth - done);
    const width = columns();
    const count = width < 70 ? `${Math.floor(100 * share)}%` : `${drawn} ${step}/${total}`;
    const text = `${width < 70 ? stage : stage.padEnd(12)} ${count}  ${told}`;
    // a line that fills the last column would wrap
    write(`\r${text.slice(0, Math.max(1, width - 1))}\u001b[K`);
    bar = true;
  };

  return {
    show: (event) => {
      const { stage, kind, step, total, text, terms } = event;
      if (kind === "warning") return line(printable(`${stage}: warning: ${text ?? ""}`));
      if (options.quiet) return;
      if (kind === "done") {
        if (turn?.stage === stage) turn = undefined;
        const seconds = terms?.["seconds"];
        const took = seconds === undefined ? "" : `  ${duration(seconds)}`;
        return line(printable(`${stage.padEnd(12)} ${text ?? "done"}${took}`));
      }
      if (kind === "message") return line(printable(`${stage.padEnd(12)} ${text ?? ""}`));
      if (step === undefined || total === undefined) return;
      if (terminal) return showBar(event);
      const shown = figures(event);
      if (now() - lastLine < interval) return;
      lastLine = now();
      write(`${`${stage.padEnd(12)} ${step}/${total}  ${shown}`.trimEnd()}\n`);
    },
    note: line,
    close,
  };
}

/** Progress of a command that is mostly over before anyone wonders. */
export interface LateProgress {
  /** Tells how many of how many are done. */
  at(done: number, total: number): void;
  /** Writes a line of text. */
  note(text: string): void;
  /** Removes the bar. */
  close(): void;
}

/**
 * Shows how far a count is, but nothing in its first two seconds.
 *
 * @param name what counts, "score"
 */
export function lateProgress(name: string, options: ProgressOptions = {}): LateProgress {
  const now = options.now ?? Date.now;
  const began = now();
  const view = showProgress(options);
  return {
    at(done, total) {
      if (now() - began < 2000 || done >= total) return;
      view.show({ time: now(), stage: name, kind: "progress", step: done, total });
    },
    note: (text) => view.note(text),
    close: () => view.close(),
  };
}
