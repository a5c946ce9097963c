/**
 * Shows the events of a run on stderr: a bar with rate and time left on a terminal, elsewhere a plain line at most every
 * ten seconds. Warnings are shown always, once.
 */
import { SingleBar } from "cli-progress";
import { printable } from "oal-core";
import type { RunEvent } from "../pipeline/events.js";

/** Where and how to show. */
export interface ProgressOptions {
  /** Warnings only. */
  readonly quiet?: boolean;
  /** Default: whether stderr is a terminal. */
  readonly terminal?: boolean;
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
  /** Removes the bar. */
  close(): void;
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
  const began = new Map<string, { time: number; step: number; last: number }>();
  let bar: { bar: SingleBar; stage: string } | undefined;
  let lastLine = -Infinity;

  const close = (): void => {
    bar?.bar.stop();
    bar = undefined;
  };
  const line = (text: string): void => {
    const open = bar;
    close();
    write(`${text}\n`);
    if (open !== undefined) lastLine = now();
  };
  const latest = new Map<string, Pick<RunEvent, "terms" | "rate">>();
  const figures = (event: RunEvent): string => {
    const { step = 0, total = 0, text } = event;
    const known = began.get(event.stage);
    const isNew = known === undefined || step < known.last;
    // a stage may count more than once (auto-encoder, then denoiser): each count has a start and figures of its own
    if (isNew) latest.delete(event.stage);
    const start = isNew ? { time: now(), step } : known;
    began.set(event.stage, { ...start, last: step });
    // loss terms and rates come in events of their own; the last ones known are shown together
    const { terms = {}, rate } = { ...latest.get(event.stage), ...event };
    latest.set(event.stage, rate === undefined ? { terms } : { terms, rate });
    const parts = Object.entries(terms)
      .slice(0, 4)
      .map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
    if (text !== undefined && parts.length === 0) parts.push(printable(text, 60));
    if (rate !== undefined) parts.push(`${rate >= 10 ? Math.round(rate) : Number(rate.toPrecision(2))}/s`);
    // the rate told is that of the recent past; without one, the whole count's
    const perSecond = rate ?? (1000 * (step - start.step)) / (now() - start.time);
    if (step > start.step && step < total && perSecond > 0)
      parts.push(`${duration((total - step) / perSecond)} left`);
    return parts.join("  ");
  };
  const showBar = (event: RunEvent): void => {
    const { stage, step = 0, total = 0 } = event;
    if (bar?.stage !== stage) {
      close();
      const width = process.stderr.columns || 80;
      const format =
        width < 70 ? "{stage} {percentage}%  {figures}" : "{stage} {bar} {value}/{total}  {figures}";
      bar = {
        stage,
        bar: new SingleBar({
          format,
          stream: process.stderr,
          barsize: 24,
          clearOnComplete: true,
          // no setting of the terminal is changed, so that a process that is killed or suspended leaves none behind:
          // the cursor stays visible, and the line is cut to the width instead of switching the wrapping off
          hideCursor: false,
          linewrap: true,
          gracefulExit: false,
        }),
      };
      bar.bar.start(total, step, { stage: stage.padEnd(12), figures: figures(event) });
    } else {
      bar.bar.setTotal(total);
      bar.bar.update(step, { figures: figures(event) });
    }
  };

  return {
    show: (event) => {
      const { stage, kind, step, total, text, terms } = event;
      if (kind === "warning") return line(printable(`${stage}: warning: ${text ?? ""}`));
      if (options.quiet) return;
      if (kind === "done") {
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
      write(`${stage.padEnd(12)} ${step}/${total}  ${shown}\n`);
    },
    close,
  };
}

/** Progress of a command that is mostly over before anyone wonders. */
export interface LateProgress {
  /** Tells how many of how many are done. */
  at(done: number, total: number): void;
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
    close: () => view.close(),
  };
}
