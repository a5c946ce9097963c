/** The registry of data readers. Those of oal join it when `readers/index.ts` is loaded, with what they read by. */
import { expectArguments, kinds, Registry } from "oal-core";
import type { Reader } from "./readers/reader.js";

/** Every data reader; `register` adds one from outside, which is asked before those of oal. */
export const readers = new Registry<Reader>("data reader");

const aReader = kinds.fields({
  id: kinds.name,
  title: kinds.name,
  orientation: kinds.oneOf(["apply", "ignore"]),
  matches: kinds.callback,
  splits: kinds.callback,
  fingerprint: kinds.callback,
  open: kinds.callback,
});

/**
 * Makes a reader; `readers.register` has it asked before those of oal, so that it may claim sources that they read otherwise.
 *
 * @example
 * defineReader({ id: "dots", title: "drawn dots", orientation: "ignore", matches: async ({ path }) => path.endsWith(".dots"),
 *   splits: async () => [], fingerprint: async ({ path }) => path, open: async () => openDots() });
 */
export function defineReader(reader: Reader): Reader {
  expectArguments("defineReader", { reader: [reader, aReader] });
  return reader;
}
