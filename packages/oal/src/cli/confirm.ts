/** Questions to whoever sits at a terminal. */
import { createInterface } from "node:readline/promises";

/** Whether there is someone to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks on a terminal; elsewhere nobody can answer, which is no. */
export async function confirmed(question: string, signal?: AbortSignal): Promise<boolean> {
  if (!canAsk()) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `, signal ? { signal } : {});
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
