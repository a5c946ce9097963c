/** Ctrl-C: the first asks the run to stop at the next step and keep what it has, the second ends the process at once. */

/** Thrown when the user stopped a command. */
export class Stopped extends Error {
  /** 128 + the signal's number: 130 for SIGINT, 143 for SIGTERM. */
  readonly exit: number;

  constructor(exit: number) {
    super("stopped");
    this.name = "Stopped";
    this.exit = exit;
  }
}

/**
 * Runs `body` with a signal that Ctrl-C aborts.
 *
 * @throws Stopped when `body` ended because of it
 */
export async function interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    const stopped = new Stopped(name === "SIGTERM" ? 143 : 130);
    if (controller.signal.aborted) process.exit(stopped.exit);
    process.stderr.write("\nstopping at the next step ...\n");
    controller.abort(stopped);
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    return await body(controller.signal);
  } catch (error) {
    if (controller.signal.aborted && isStop(error)) throw controller.signal.reason;
    throw error;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

function isStop(error: unknown): boolean {
  return error instanceof Stopped || (error instanceof Error && error.name === "AbortError");
}
