/** The command that says what a detector computes, and what students are trained by: explain. */
import type { Command } from "commander";
import { examples } from "./options.js";

/** Adds it. */
export function addExplain(program: Command): void {
  program
    .command("explain")
    .description(
      "what a detector computes: formula, source, what it needs and costs, its parameters and why, where others differ; and the same of outlier sources, exposures, training methods and recipes",
    )
    .argument(
      "<name...>",
      "ids or other names; oal list detectors, outliers, exposures, methods and recipes show them",
    )
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      examples([
        "oal explain knn",
        "oal explain odin vim --json",
        "oal explain phase rejectClass distillation",
      ]),
    )
    .action(async (names: string[], options: { json?: boolean }) => {
      const { explainCommand } = await import("./commands/explain.js");
      await explainCommand(names, options);
    });
}
