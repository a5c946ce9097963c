/** What the options about a model mean, once a command runs; the options themselves load nothing of core, so that help is quick. */
import { oalError } from "oal-core";
import type { LoadModelOptions } from "../../models/load.js";
import type { ModelOptions } from "../modelOptions.js";

/**
 * The options as `loadModel` takes them.
 *
 * @param command  as it is called, for errors
 * @throws OAL-C102 where only one of mean and standard deviation is given
 */
export function loadOptionsOf(command: string, options: ModelOptions): LoadModelOptions {
  const { images, logits, features, classes, labels, size, resize, mean, std, bgr } = options;
  if ((mean === undefined) !== (std === undefined)) {
    const [given, lacking] = mean ? ["--mean", "--std"] : ["--std", "--mean"];
    throw oalError("OAL-C102", {
      command,
      problem: `${given} is given without ${lacking}: a normalisation takes both (--mean 0 or --std 1 where there is none)`,
    });
  }
  return {
    hints: {
      ...(images === undefined ? {} : { images }),
      ...(logits === undefined ? {} : { logits }),
      ...(features === undefined ? {} : { features }),
      ...(classes === undefined ? {} : { classes }),
    },
    ...(labels === undefined ? {} : { classNames: labels }),
    ...(size === undefined ? {} : { size }),
    ...(resize === undefined ? {} : { resize }),
    ...(mean && std ? { normalisation: { mean, std, order: bgr ? "bgr" : "rgb" } } : {}),
    ...(bgr && !mean ? { order: "bgr" as const } : {}),
  };
}
