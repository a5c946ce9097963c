/** How a command ends that did not succeed: the error as code, sentence and remedy (or JSON), and the exit status. */
import { CommanderError } from "commander";
import { OalError, oalError } from "oal-core";
import pc from "picocolors";
import { blamePlugin } from "../pipeline/plugins/fault.js";
import { systemError, systemProblem } from "../runtime/systemError.js";
import { Stopped } from "./interrupt.js";
import { wantsColor } from "./output.js";

/**
 * Prints an error and says with which status to exit.
 *
 * @param error whatever was thrown
 * @param given the arguments, for --json
 */
export function finish(error: unknown, given: readonly string[]): number {
  if (error instanceof Stopped) {
    process.stderr.write(error.resumes ? "stopped; run the same command to go on\n" : "stopped\n");
    return error.exit;
  }
  const known = toOalError(error, given);
  if (given.includes("--json")) {
    const { code, message, details, remedy } = known;
    process.stdout.write(JSON.stringify({ error: { code, message, details, remedy } }, null, 2) + "\n");
  } else process.stderr.write(describeError(known));
  return known.exit;
}

/** Tells an error beside a result that is printed: with --json a second document would make both unreadable. */
export function tellBeside(error: OalError): void {
  process.exitCode = error.exit;
  process.stderr.write(describeError(error));
}

/** OAL-I140 for what standard output refused. */
export function outputError(error: Error): OalError {
  return oalError("OAL-I140", { problem: systemProblem(error) ?? error.message }, error);
}

/** The error in lines for people; the stack only for faults of oal itself. */
export function describeError(error: OalError, color = wantsColor(process.stderr)): string {
  const { bold, red, dim } = pc.createColors(color);
  const cause = error.cause instanceof Error ? error.cause : error;
  const stack = error.code.startsWith("OAL-X") && cause.stack ? `${dim(cause.stack)}\n` : "";
  return `${bold(red(error.code))} ${error.message}\n${error.remedy}\n${stack}`;
}

function toOalError(thrown: unknown, given: readonly string[]): OalError {
  const error = blamePlugin(thrown);
  if (error instanceof OalError) return error;
  if (error instanceof CommanderError) return usageError(error, given);
  // what the operating system refuses is no fault of oal, wherever it was met
  const refusal = systemError("a file", error);
  if (refusal instanceof OalError) return refusal;
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
  const depth = ["outliers", "data", "store", "models"].includes(words[0] ?? "") ? 2 : 1;
  const command = ["oal", ...words.slice(0, depth)].join(" ");
  return oalError("OAL-C102", { command, problem: sentence });
}
