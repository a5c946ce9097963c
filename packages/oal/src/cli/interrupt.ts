/**
 * Signals: Ctrl-C (SIGINT), SIGTERM and a lost terminal (SIGHUP) ask the command to stop at the next step and keep what
 * it has; a second Ctrl-C or SIGTERM ends the process at once.
 */
import { constants } from "node:os";

/** Thrown when the user stopped a command. */
export class Stopped extends Error {
  /** 128 + the signal's number: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP. */
  readonly exit: number;
  /** Whether the same command goes on where this one was stopped. */
  readonly resumes: boolean;

  constructor(exit: number, resumes: boolean) {
    super("stopped");
    this.name = "Stopped";
    this.exit = exit;
    this.resumes = resumes;
  }
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** npm passes on a Ctrl-C that the process had from the terminal already: what follows so soon is the same one. */
const sameWithin = 400;

/** How a command is stopped. */
export interface InterruptOptions {
  /** Whether the same command goes on where it was stopped; decides what the user is told. */
  readonly resumes: boolean;
  /** Ends the process. Default: `process.exit`. */
  readonly exit?: (status: number) => void;
  /** Tells the user, a line at a time; with progress on the screen, the way to write beside it. */
  readonly note: (text: string) => void;
  /** Default: the system's clock, in milliseconds. */
  readonly now?: () => number;
}

/**
 * Runs `body` with a signal that Ctrl-C aborts.
 *
 * @throws Stopped when `body` ended because of it
 */
export async function interruptible<T>(
  { resumes, note, ...options }: InterruptOptions,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const exit = options.exit ?? ((status) => process.exit(status));
  const now = options.now ?? Date.now;
  const controller = new AbortController();
  let asked = -Infinity;
  const onSignal = (name: NodeJS.Signals): void => {
    if (name === "SIGHUP" && underNohup()) return;
    const stopped = new Stopped(128 + constants.signals[name], resumes);
    if (controller.signal.aborted) {
      // a lost terminal is told by the system and by the shell, and nobody waits for the end
      if (name !== "SIGHUP" && now() - asked > sameWithin) exit(stopped.exit);
      return;
    }
    asked = now();
    note(resumes ? "stopping at the next step (again: at once) ..." : "stopping ...");
    controller.abort(stopped);
  };
  for (const name of signals) process.on(name, onSignal);
  try {
    return await body(controller.signal);
  } catch (error) {
    if (controller.signal.aborted && isStop(error)) throw controller.signal.reason;
    throw error;
  } finally {
    for (const name of signals) process.off(name, onSignal);
  }
}

/** Whether `nohup` started this: it has SIGHUP ignored, which Node undoes at its start, so only the shell's note of the command tells. */
function underNohup(): boolean {
  return /(^|\/)nohup$/.test(process.env["_"] ?? "");
}

function isStop(error: unknown): boolean {
  return error instanceof Stopped || (error instanceof Error && error.name === "AbortError");
}
