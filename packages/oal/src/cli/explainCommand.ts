/** The command that says what a detector computes: explain. */
import type { Command } from "commander";
import { examples } from "./options.js";

/** Adds it. */
export function addExplain(program: Command): void {
  program
    .command("explain")
    .description(
      "what a detector computes: formula, source, what it needs and costs, its parameters and why, where others differ",
    )
    .argument("<detector...>", "ids or other names; oal list detectors shows them")
    .option("--json", "as JSON")
    .addHelpText("after", examples(["oal explain knn", "oal explain odin vim --json"]))
    .action(async (names: string[], options: { json?: boolean }) => {
      const { explainCommand } = await import("./commands/explain.js");
      explainCommand(names, options);
    });
}
