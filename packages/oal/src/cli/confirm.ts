/** Questions to whoever sits at a terminal. */
import { createInterface } from "node:readline/promises";
import { Stopped } from "./interrupt.js";

/** A terminal to ask at. */
interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/** Whether there is someone to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks on a terminal; elsewhere nobody can answer, which is no. @throws Stopped at Ctrl-C */
export async function confirmed(question: string, signal?: AbortSignal): Promise<boolean> {
  return canAsk() && ask(question, { input: process.stdin, output: process.stderr }, signal);
}

/** Asks for yes or no; Ctrl-D, the end of what is typed, is no. @throws Stopped at Ctrl-C, the signal's AbortError */
export async function ask(question: string, terminal: Terminal, signal?: AbortSignal): Promise<boolean> {
  const lines = createInterface({ ...terminal, terminal: true });
  // While a line is read, the terminal sends Ctrl-C and Ctrl-D as keys: no signal, and no answer.
  let [isStopped, isClosed] = [false, false];
  lines.on("SIGINT", () => {
    isStopped = true;
    lines.close();
  });
  const ended = new Promise<string>((resolve) =>
    lines.on("close", () => {
      isClosed = true;
      resolve("");
    }),
  );
  try {
    const answer = await Promise.race([
      lines.question(`${question} [y/N] `, signal ? { signal } : {}).catch((error: unknown) => {
        if (signal?.aborted === true) throw error;
        return ended;
      }),
      ended,
    ]);
    // without an answer the cursor still stands behind the question
    if (isClosed) terminal.output.write("\n");
    if (isStopped) throw new Stopped(130, false);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
