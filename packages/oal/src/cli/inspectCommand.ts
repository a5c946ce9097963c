/** The command that looks at a model of anyone: inspect. */
import type { Command } from "commander";
import type { InspectModelOptions } from "./commands/inspectModel.js";
import { addModelOptions } from "./modelOptions.js";
import { examples, wholeNumber } from "./options.js";

/** Adds it. */
export function addInspect(program: Command): void {
  const command = program
    .command("inspect")
    .description(
      "what a model is: class scores, features, last layer, normalisation, class names; of anyone's ONNX classifier",
    )
    .argument(
      "<model>",
      "an ONNX file, a folder with one as hubs have them, a model file of oal, or a run folder",
    )
    .option(
      "--pictures <path...>",
      "pictures that the model should know (folder, archive, files): normalisations are tried on them",
    )
    .option("--threads <n>", "threads of the engine; 0: one per core", wholeNumber(0))
    .option("--json", "everything as JSON")
    .option("-q, --quiet", "no progress");
  addModelOptions(command)
    .addHelpText(
      "after",
      examples([
        "oal inspect mobilenet.onnx --pictures photos",
        "oal inspect resnet50/ --labels imagenet_classes.txt",
        "oal inspect model.onnx --logits /fc/Gemm_output_0 --features /Flatten_output_0",
        "oal inspect runs/photos --json | jq .facts.operators",
      ]),
    )
    .action(async (model: string, options: InspectModelOptions) => {
      const { inspectModelCommand } = await import("./commands/inspectModel.js");
      await inspectModelCommand(model, options);
    });
}
