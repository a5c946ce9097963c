/** How a command ends that did not succeed: the error as code, sentence and remedy (or JSON), and the exit status. */
import { CommanderError } from "commander";
import { OalError, oalError } from "oal-core";
import pc from "picocolors";
import { Stopped } from "./interrupt.js";

/**
 * Prints an error and says with which status to exit.
 *
 * @param error whatever was thrown
 * @param given the arguments, for --json
 */
export function finish(error: unknown, given: readonly string[]): number {
  if (error instanceof Stopped) {
    process.stderr.write("stopped; run the same command to go on\n");
    return error.exit;
  }
  const known = toOalError(error, given);
  if (given.includes("--json")) {
    const { code, message, details, remedy } = known;
    process.stdout.write(JSON.stringify({ error: { code, message, details, remedy } }, null, 2) + "\n");
  } else process.stderr.write(describeError(known));
  return known.exit;
}

/** The error in lines for people; the stack only for faults of oal itself. */
export function describeError(
  error: OalError,
  color = process.stderr.isTTY && !process.env["NO_COLOR"],
): string {
  const { bold, red, dim } = pc.createColors(color);
  const cause = error.cause instanceof Error ? error.cause : error;
  const stack = error.code.startsWith("OAL-X") && cause.stack ? `${dim(cause.stack)}\n` : "";
  return `${bold(red(error.code))} ${error.message}\n${error.remedy}\n${stack}`;
}

function toOalError(error: unknown, given: readonly string[]): OalError {
  if (error instanceof OalError) return error;
  if (error instanceof CommanderError) return usageError(error, given);
  return oalError("OAL-X101", { problem: error instanceof Error ? error.message : String(error) }, error);
}

function usageError({ code, message }: CommanderError, given: readonly string[]): OalError {
  const sentence = message.replace(/^error: /, "").split("\n")[0] ?? "";
  const near = /\(Did you mean (?:one of )?(.*?)\?\)/.exec(message)?.[1]?.replaceAll(", ", " or ");
  const name = /'([^']*)'/.exec(sentence)?.[1] ?? "";
  if (code === "commander.unknownOption") return oalError("OAL-C101", { flag: `option ${name}`, near });
  if (code === "commander.unknownCommand") return oalError("OAL-C101", { flag: `command ${name}`, near });
  const end = given.findIndex((word) => word.startsWith("-"));
  const words = end < 0 ? given : given.slice(0, end);
  const depth = ["outliers", "data"].includes(words[0] ?? "") ? 2 : 1;
  const command = ["oal", ...words.slice(0, depth)].join(" ");
  const problem = sentence === "(outputHelp)" ? "name one of its commands" : sentence;
  return oalError("OAL-C102", { command, problem });
}
