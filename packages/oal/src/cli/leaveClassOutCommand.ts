/** The command `leave-class-out`. */
import { Option, type Command } from "commander";
import type { LeaveClassOutCommandOptions } from "./commands/leaveClassOut.js";
import { addStageOptions, collectNames, examples } from "./options.js";

/** Adds it. */
export function addLeaveClassOut(program: Command): void {
  const command = program
    .command("leave-class-out")
    .description(
      "is training from a model worth it? Its head against students, each class in turn unknown; stopped, it goes on",
    )
    .argument("[preset]", "preset, or YAML or JSON file; default: photos")
    .addOption(
      new Option("--classes <names>", "leave out these classes only; comma-separated").argParser(
        collectNames,
      ),
    );
  addStageOptions(command)
    .addHelpText(
      "after",
      examples([
        "oal leave-class-out --data photos --init mobilenet.onnx",
        "oal leave-class-out --data photos --init mobilenet.onnx --method ce,fx --classes cat,dog",
      ]),
    )
    .action(async (given: string | undefined, options: LeaveClassOutCommandOptions) => {
      const { leaveClassOutCommand } = await import("./commands/leaveClassOut.js");
      await leaveClassOutCommand(given, options);
    });
}
