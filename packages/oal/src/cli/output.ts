/**
 * Standard output and standard error as they come: pipes that the reader closes (`| head`), full disks, terminals that
 * are gone. A closed pipe is no error, the reader had enough; a command that only prints rows as they come may stop then.
 * Any other refusal of standard output is an error, told when the command ends. What standard error refuses is dropped: there is no place left to tell it.
 *
 * A standard output that was closed before the start (`>&-`) cannot be told from `> /dev/null`: Node opens the null
 * device in its place before any of this runs.
 */

let refused: Error | undefined;
let readerIsGone = false;

/** Keeps write errors of both streams from ending the process with a stack. Call it once, before anything is written. */
export function guardOutput(): void {
  process.stdout.on("error", (error) => {
    if (isGone(error, process.stdout)) readerIsGone = true;
    else refused ??= error;
  });
  process.stderr.on("error", () => undefined);
}

/** Whether nobody reads standard output any more, as far as a write has told. */
export function isReaderGone(): boolean {
  return readerIsGone;
}

/**
 * Whether an error of a write means that nobody is there any more: EPIPE for the write that finds the pipe closed,
 * ERR_STREAM_DESTROYED for every write after it, EIO for a terminal that was closed.
 */
export function isGone(error: Error & { code?: string }, stream: { readonly isTTY?: boolean }): boolean {
  if (error.code === "EIO") return stream.isTTY === true;
  return error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED";
}

/** Why standard output did not take what was printed, once all of it was tried; undefined when it took it or was closed. */
export async function outputRefusal(): Promise<Error | undefined> {
  // the callback of a write runs after the writes before it; an error event follows in the next turn
  await new Promise<void>((done) => process.stdout.write("", () => setImmediate(done)));
  return refused;
}

/**
 * Whether to colour what is written to a stream: NO_COLOR switches it off, FORCE_COLOR on (0 and false: off), otherwise
 * terminals that know colours have them.
 */
export function wantsColor(stream: { readonly isTTY?: boolean }, environment = process.env): boolean {
  const { NO_COLOR: none, FORCE_COLOR: forced, TERM: terminal } = environment;
  if (none !== undefined && none !== "") return false;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return stream.isTTY === true && terminal !== "dumb";
}
