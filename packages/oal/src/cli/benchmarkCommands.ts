/** The commands around benchmarks: data check, benchmark. */
import type { Command } from "commander";
import type { DataCheckOptions } from "./commands/dataCheck.js";
import { examples } from "./options.js";

/** Adds the check to the commands about data. */
export function addDataCheck(data: Command): void {
  data
    .command("check")
    .description(
      "whether the data of a benchmark are there: lists, counts, hashes, every image, and where the rest is to be had",
    )
    .argument("<protocol>", "name of a protocol (oal list protocols), or the YAML file of your own")
    .option(
      "--root <folder>",
      "what the protocol's paths are relative to; default: data or the current folder, for a file of yours its folder",
    )
    .option("--json", "as JSON")
    .option("-q, --quiet", "no progress")
    .addHelpText(
      "after",
      examples([
        "oal data check openood-v1.5/cifar10 --root OpenOOD/data",
        "oal data check my-protocol.yaml && oal benchmark --protocol my-protocol.yaml --model ours=model.onnx",
      ]),
    )
    .action(async (protocol: string, options: DataCheckOptions) => {
      const { dataCheckCommand } = await import("./commands/dataCheck.js");
      await dataCheckCommand(protocol, options);
    });
}
