/** `oal score`: pictures through a trained model, as a table or JSON; every picture has a line, an unreadable one its reason. */
import { existsSync } from "node:fs";
import { oalError } from "oal-core";
import { skippedSentence } from "../../data/pictures/kinds.js";
import type { ImageResult, ScoreEachOptions } from "../../pipeline/runTypes.js";
import { describeError } from "../failure.js";
import { interruptible } from "../interrupt.js";
import { wantsColor } from "../output.js";
import { lateProgress } from "../progress.js";
import { reasonOf, scoreJson, scoreTable } from "./scoreTable.js";

/** The options of `oal score`. */
export interface ScoreCommandOptions {
  readonly detector?: string;
  readonly threshold?: number;
  readonly threads?: number;
  readonly skipBad?: number;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/**
 * Scores pictures and prints one row each. The exit status is 3 when more than `skipBad` of them cannot be read.
 *
 * @throws OAL-D101 for a path that does not exist, before any work; with `strict` the error of the first unreadable picture
 */
export async function scoreCommand(
  model: string,
  images: readonly string[],
  { json, quiet, strict, skipBad = 0, ...options }: ScoreCommandOptions,
): Promise<void> {
  for (const path of [model, ...images]) if (!existsSync(path)) throw oalError("OAL-D101", { path });
  const { scoreEach } = await import("../../pipeline/score.js");
  const progress = lateProgress("score", { quiet: quiet ?? false });
  const results: ImageResult[] = [];
  let total = 0;
  let passedOver: string | undefined;
  const onFound: ScoreEachOptions["onFound"] = ({ pictures, skipped }) => {
    total = pictures;
    passedOver = skippedSentence(skipped);
  };
  try {
    await interruptible({ resumes: false, note: (text) => progress.note(text) }, async (signal) => {
      for await (const result of scoreEach(model, images, { ...options, signal, onFound })) {
        if (strict && "error" in result) throw result.error;
        results.push(result);
        progress.at(results.length, total);
      }
    });
  } finally {
    progress.close();
  }
  process.stdout.write(json ? scoreJson(results) : scoreTable(results, wantsColor(process.stdout)));
  if (passedOver !== undefined) process.stderr.write(`${passedOver}\n`);
  const failed = results.flatMap((result) => ("error" in result ? [result] : []));
  if (failed.length <= skipBad) return;
  process.exitCode = 3;
  const unread = failed.map((each) => ({ id: each.path, problem: reasonOf(each) }));
  const error = oalError("OAL-D110", { path: "oal score", images: unread, limit: skipBad });
  process.stderr.write(describeError(error));
}
