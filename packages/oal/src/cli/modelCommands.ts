/** The commands of the group `models`: models of the hub on this machine. */
import { Option, type Command } from "commander";
import type { PullCommandOptions } from "./commands/models.js";
import { collect, examples } from "./options.js";

/** Adds them. */
export function addModels(program: Command): void {
  const models = program
    .command("models")
    .description("models of the hub on this machine ($HF_HUB_CACHE, default ~/.cache/huggingface/hub)");
  models
    .command("pull")
    .description(
      "fetch a model: its ONNX file, the weights beside it, and how pictures go in; or all parts of a diffusion pipeline; goes on where it was cut",
    )
    .argument("<model>", "OWNER/NAME, or OWNER/NAME@REVISION for a branch, tag or commit")
    .addOption(
      new Option("--file <pattern>", "fetch this file instead; * stands for anything; repeatable").argParser(
        collect,
      ),
    )
    .option("--endpoint <url>", "address of a mirror; default $HF_ENDPOINT, else the hub itself")
    .option("--yes", "fetch more than a gigabyte without being asked")
    .option("--json", "print the result as JSON")
    .option("-q, --quiet", "no progress; warnings and errors only")
    .addHelpText(
      "after",
      examples([
        "oal models pull OWNER/NAME",
        "oal models pull OWNER/NAME@v1.0 --file onnx/model_quantized.onnx",
        "HF_ENDPOINT=https://mirror.example oal models pull OWNER/NAME",
        "oal fit hf:OWNER/NAME --id photos        # use it",
        "oal run --data photos --set synthesis.model=hf:OWNER/NAME   # a pipeline of Stable Diffusion",
      ]),
    )
    .action(async (model: string, options: PullCommandOptions) => {
      const { pullCommand } = await import("./commands/models.js");
      await pullCommand(model, options);
    });
  models
    .command("list")
    .description("the models that are here, with revisions, files and sizes")
    .option("--json", "as JSON")
    .addHelpText("after", examples(["oal models list"]))
    .action(async (options: { json?: boolean }) => {
      const { modelsListCommand } = await import("./commands/models.js");
      await modelsListCommand(options);
    });
  models
    .command("verify")
    .description("compare every file with its checksum and name what is damaged or gone")
    .argument("[model...]", "OWNER/NAME; default: all")
    .option("--json", "as JSON")
    .option("-q, --quiet", "no progress")
    .addHelpText("after", examples(["oal models verify", "oal models verify OWNER/NAME"]))
    .action(async (given: string[], options: { json?: boolean; quiet?: boolean }) => {
      const { modelsVerifyCommand } = await import("./commands/models.js");
      await modelsVerifyCommand(given, options);
    });
  models
    .command("rm")
    .description("take a model, or one revision of it, out of the cache; asks before")
    .argument("<model>", "OWNER/NAME, or OWNER/NAME@REVISION for that state alone")
    .option("--yes", "do not ask")
    .option("--json", "as JSON")
    .addHelpText("after", examples(["oal models rm OWNER/NAME", "oal models rm OWNER/NAME@v1.0 --yes"]))
    .action(async (model: string, options: { yes?: boolean; json?: boolean }) => {
      const { modelsRemoveCommand } = await import("./commands/models.js");
      await modelsRemoveCommand(model, options);
    });
}
