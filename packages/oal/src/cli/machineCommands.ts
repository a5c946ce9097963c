/** The command around the machine: doctor. */
import type { Command } from "commander";
import { examples } from "./options.js";

/** Adds it. */
export function addMachine(program: Command): void {
  program
    .command("doctor")
    .description(
      "what this machine offers and what is missing: devices with a self-test, threads, memory, folders, versions",
    )
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      examples([
        "oal doctor                               # exit status 0: oal can be used here",
        "oal doctor --json | jq .devices",
      ]),
    )
    .action(async (options: { json?: boolean }) => {
      const { doctorCommand } = await import("./commands/doctor.js");
      await doctorCommand(options);
    });
}
