/** `oal run` and the commands of single stages: the library's `run` with progress, Ctrl-C and a printed result. */
import { relative } from "node:path";
import type { Configuration } from "../../pipeline/configuration/index.js";
import type { RunResult } from "../../pipeline/runTypes.js";
import { interruptible } from "../interrupt.js";
import type { StageOptions } from "../options.js";
import { showProgress } from "../progress.js";
import { configure, runFolderOf, withMethods } from "./configure.js";

/**
 * Runs the stages up to `until` and prints what came out.
 *
 * @param trains whether the command asks for training too; one that does not leaves a copied run as it is
 */
export async function runCommand(
  given: string | undefined,
  options: StageOptions,
  until: string,
  { trains = true }: { readonly trains?: boolean } = {},
): Promise<void> {
  const config = configure(given, options);
  const out = runFolderOf(given, options);
  if (!trains && out === given) {
    const { openCopiedRun } = await import("../../pipeline/copiedRun.js");
    const copied = await openCopiedRun(out, withMethods(config, options), until);
    if (copied) {
      process.stderr.write(`${copied.sentence}\n`);
      await print(copied.result, config, options);
      return;
    }
  }
  const { run } = await import("../../pipeline/run.js");
  const view = showProgress({ quiet: options.quiet ?? false });
  let result: RunResult;
  try {
    result = await interruptible({ resumes: true, note: (text) => view.note(text) }, (signal) =>
      run({
        config,
        out,
        until,
        force: options.force ?? false,
        ...(options.method === undefined ? {} : { methods: [...new Set(options.method)] }),
        onEvent: (event) => view.show(event),
        signal,
      }),
    );
  } finally {
    view.close();
  }
  await print(result, config, options);
}

async function print(result: RunResult, config: Configuration, { json }: StageOptions): Promise<void> {
  const text = json
    ? `${JSON.stringify(result, null, 2)}\n`
    : await summary(result, config.evaluation.scoreDetector);
  process.stdout.write(text);
}

async function summary(
  {
    folder,
    artifacts,
    results,
    seeds,
    overSeeds = [],
    differences = [],
    teacherAccuracy,
    reportPath,
  }: RunResult,
  detector: string,
): Promise<string> {
  const shown = (path: string): string => relative(process.cwd(), path) || ".";
  if (results === undefined || results.length === 0) {
    const last = Object.entries(artifacts).at(-1);
    return last === undefined ? `${shown(folder)}\n` : `${last[0]}: ${shown(last[1])}\n`;
  }
  const { differenceTable, isMean, resultTable, seedsSentence } = await import("../../evaluation/index.js");
  const report = reportPath === undefined ? "" : `report: ${shown(reportPath)}\n`;
  const teacher =
    teacherAccuracy === undefined ? "" : `; the teacher's accuracy: ${(100 * teacherAccuracy).toFixed(2)}`;
  const several = seeds !== undefined && seeds.seeds.length > 1;
  const means = differences.filter(
    ({ on, metric, detector: own }) => own === detector && metric === "auroc" && isMean(on),
  );
  const compared =
    means.length === 0
      ? ""
      : `${differenceTable(means)}\non the same images${several ? " and seeds" : ""}; p of the ${several ? "seeds and the bootstrap" : "bootstrap"}, and corrected for near, far and every detector (Holm)\n`;
  const resampled = results.every(({ bootstrap }) => bootstrap.resamples > 0);
  const spread = several ? `: mean ± standard deviation over ${seedsSentence(seeds)}` : "";
  const over = several ? " over seeds and images" : "";
  const brackets = `${spread}${resampled ? `, 95 % ${several ? "intervals" : "bootstrap intervals"}${over} in brackets` : ""}`;
  const { searchedSentences, withoutSearch } = await import("../../evaluation/searched.js");
  const searched = [...searchedSentences(results), ...withoutSearch(results)]
    .map((line) => `${line}\n`)
    .join("");
  return `${resultTable(results, { overSeeds })}\npercent${brackets}${teacher}\n${searched}${compared}run folder: ${shown(folder)}\n${report}`;
}
