/**
 * How many threads the engine may use. The number belongs to everything that a piece of work computes, also deep inside:
 * it is set once around the work, so that no session on the way can forget it.
 */
import { AsyncLocalStorage } from "node:async_hooks";

const chosen = new AsyncLocalStorage<number>();

/**
 * Runs `body`; every session that it or what it calls makes, now or later, has this many threads.
 *
 * @param threads 0: the engine's choice, one per core
 */
export function withThreads<Result>(threads: number, body: () => Result): Result {
  return chosen.run(threads, body);
}

/** The threads of a session made here and now; 0: the engine's choice. */
export function currentThreads(): number {
  return chosen.getStore() ?? 0;
}
