/** Asking again when a connection was lost: after a second, two, four, ... and not for ever. */
import { setTimeout as pause } from "node:timers/promises";
import { oalError } from "oal-core";
import { ConnectionLost } from "./http.js";
import { writtenName, type HubName } from "./name.js";
import type { HubPlace } from "./place.js";

/** How long to go on. */
export interface Patience {
  readonly signal?: AbortSignal | undefined;
  /** Tries in a row that bring nothing before giving up. Default 5. */
  readonly tries?: number;
  /** Milliseconds before the second try; each further wait is twice as long. Default 1000. */
  readonly wait?: number;
  /** Told before every wait: why, and how many seconds it is. */
  readonly onWait?: ((problem: string, seconds: number) => void) | undefined;
}

/**
 * Does something until no connection is lost.
 *
 * @param attempt  gets a function to call when it brought something: the count of fruitless tries starts anew then
 * @throws OAL-D166 when it was lost as often as the patience allows; whatever else the attempt throws
 */
export async function again<T>(
  place: HubPlace,
  name: HubName,
  { signal, tries = 5, wait = 1000, onWait }: Patience,
  attempt: (brought: () => void) => Promise<T>,
): Promise<T> {
  for (let fruitless = 1; ; fruitless++) {
    try {
      return await attempt(() => (fruitless = 0));
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      if (fruitless >= tries) {
        const { endpoint } = place;
        throw oalError("OAL-D166", { model: writtenName(name), endpoint, problem: error.message }, error);
      }
      const milliseconds = wait * 2 ** Math.max(0, fruitless - 1);
      onWait?.(error.message, milliseconds / 1000);
      await pause(milliseconds, undefined, signal ? { signal } : {});
    }
  }
}
