#!/usr/bin/env node
/**
 * The command line's entry. It loads as little as help needs; commands load their modules when they run.
 * Exit status: 0 done, 2 usage, 3 data, 4 graph or engine, 5 training, 6 evaluation, 7 files, 70 fault of oal; stopped by a
 * signal: 128 + its number (130 for Ctrl-C).
 */
import { constants } from "node:os";
import { CommanderError } from "commander";
import { guardOutput, outputRefusal } from "./output.js";
import { buildProgram } from "./program.js";
import { noteCommandLine } from "../runtime/commandLine.js";

const given = process.argv.slice(2);
noteCommandLine(given);
guardOutput();
process.on("uncaughtException", (error) => {
  void import("./failure.js").then(({ finish }) => process.exit(finish(error, given)));
});
try {
  await buildProgram().parseAsync(given, { from: "user" });
} catch (error) {
  if (!isHelp(error)) {
    const { finish } = await import("./failure.js");
    process.exitCode = finish(error, given);
  }
}
const refusal = await outputRefusal();
if (refusal !== undefined) {
  const { finish, outputError } = await import("./failure.js");
  process.exitCode = finish(outputError(refusal), []);
}
// Node ends with an assertion when it puts back the settings of a terminal that is gone: the signal itself ends the process
if (process.exitCode === 128 + constants.signals.SIGHUP) {
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
}

/** Help and version end as errors in commander: with status 0 where they were asked for, else with 1 (a command is missing). */
function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && (error.exitCode === 0 || error.code === "commander.help");
}
