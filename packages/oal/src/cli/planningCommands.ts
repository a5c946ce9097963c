/** The commands around runs and the store: plan, stage, show, store. */
import type { Command } from "commander";
import type { StageCommandOptions } from "./commands/plan.js";
import { addStageOptions, detectorsOption, deviceOption, examples, type StageOptions } from "./options.js";

/** Adds them. */
export function addPlanning(program: Command): void {
  addPlan(program);
  addStage(program);
  addShow(program);
  addStore(program);
}

function addPlan(program: Command): void {
  const command = program
    .command("plan")
    .description(
      "what a run would make: every stage with its key, whether it is made, and how long the rest takes",
    )
    .argument("[preset|file|run]", "preset, YAML or JSON file, or run folder; default: embedded")
    .option("--until <stage>", "the stage to make, with all that leads to it", "report")
    .addOption(detectorsOption());
  addStageOptions(command)
    .addHelpText("after", examples(["oal plan", "oal plan --data photos --json"]))
    .action(async (given: string | undefined, options: StageOptions & { until: string }) => {
      const { planCommand } = await import("./commands/plan.js");
      await planCommand(given, options);
    });
}

function addStage(program: Command): void {
  program
    .command("stage")
    .description(
      "make one planned stage from inputs that are made: a run in pieces, on as many processes as you like",
    )
    .argument("<key>", "the first digits of a key that oal plan shows")
    .addOption(deviceOption())
    .option("--json", "print the result as JSON")
    .option("-q, --quiet", "no progress; warnings and errors only")
    .addHelpText("after", examples(["oal plan photos.yaml", "oal stage 3f2a91c04b7e"]))
    .action(async (key: string, options: StageCommandOptions) => {
      const { stageCommand } = await import("./commands/plan.js");
      await stageCommand(key, options);
    });
}

function addShow(program: Command): void {
  program
    .command("show")
    .description("what a run folder holds: stages, figures, files")
    .argument("<run>", "a run folder")
    .option("--json", "as JSON")
    .addHelpText("after", examples(["oal show runs/embedded"]))
    .action(async (path: string, options: { json?: boolean }) => {
      const { showCommand } = await import("./commands/show.js");
      await showCommand(path, options);
    });
}

function addStore(program: Command): void {
  const store = program
    .command("store")
    .description("the artifacts that all runs share ($OAL_STORE, default ~/.local/share/oal/store)");
  store
    .command("list")
    .description("every artifact with its size and the runs that name it")
    .option("--json", "as JSON")
    .addHelpText("after", examples(["oal store list"]))
    .action(async (options: { json?: boolean }) => {
      const { storeListCommand } = await import("./commands/store.js");
      await storeListCommand(options);
    });
  store
    .command("prune")
    .description("list what no existing run names; with --yes remove it")
    .option("--yes", "remove what is listed")
    .option("--json", "as JSON")
    .addHelpText("after", examples(["oal store prune", "oal store prune --yes"]))
    .action(async (options: { json?: boolean; yes?: boolean }) => {
      const { storePruneCommand } = await import("./commands/store.js");
      await storePruneCommand(options);
    });
}
