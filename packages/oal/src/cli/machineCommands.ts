/** The command around the machine: doctor. */
import { Option, type Command } from "commander";
import type { Device } from "oal-core";
import { examples } from "./options.js";

/** Adds it. */
export function addMachine(program: Command): void {
  program
    .command("doctor")
    .description(
      "what this machine offers and what is missing: devices with a self-test, threads, memory, folders, versions",
    )
    .addOption(
      new Option("--device <name>", "examine this device alone; exit status 0: it can be used").choices([
        "cpu",
        "webgpu",
      ]),
    )
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      examples([
        "oal doctor                               # exit status 0: oal can be used here",
        "oal doctor --device webgpu               # and is there a graphics processor?",
        "oal doctor --json | jq .devices",
      ]),
    )
    .action(async (options: { json?: boolean; device?: Device }) => {
      const { doctorCommand } = await import("./commands/doctor.js");
      await doctorCommand(options);
    });
}
