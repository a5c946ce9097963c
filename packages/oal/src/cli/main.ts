#!/usr/bin/env node
/**
 * The command line's entry. It loads as little as help needs; commands load their modules when they run.
 * Exit status: 0 done, 2 usage, 3 data, 4 graph or engine, 5 training, 6 evaluation, 7 files, 70 fault of oal, 130 stopped.
 */
import { CommanderError } from "commander";
import { buildProgram } from "./program.js";

const given = process.argv.slice(2);
try {
  await buildProgram().parseAsync(given.length === 0 ? ["--help"] : given, { from: "user" });
} catch (error) {
  const wasHelp = error instanceof CommanderError && error.exitCode === 0;
  if (!wasHelp) {
    const { finish } = await import("./failure.js");
    process.exitCode = finish(error, given);
  }
}
