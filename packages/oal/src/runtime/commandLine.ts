/** The command line that this process serves, for what tells how it was made. A program that calls the library has none. */

let line: string | undefined;

/** Notes the words behind `oal`; called where the program starts. */
export function noteCommandLine(words: readonly string[]): void {
  line = ["oal", ...words].map(quoted).join(" ");
}

/** The command, to be pasted into a shell; undefined in a program that is not oal's own. */
export function commandLine(): string | undefined {
  return line;
}

/** A word as POSIX shells read it: between quotes where anything in it means something to them. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
