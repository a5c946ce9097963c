/** `oal search`: settings compared by validation images; a table, or a winner as a configuration file. */
import { basename, join, relative } from "node:path";
import { isOalError, oalError } from "oal-core";
import { writeFileWhole } from "../../runtime/writeFile.js";
import { configurationSchema, recordKeys } from "../../pipeline/configuration/index.js";
import type { Load } from "../../pipeline/search/candidates.js";
import { usualHalving } from "../../pipeline/search/halving.js";
import { combinationsOf, joined, pointsOfFile, type SearchPoint } from "../../pipeline/search/points.js";
import { canAsk, confirmed } from "../confirm.js";
import { interruptible } from "../interrupt.js";
import type { StageOptions } from "../options.js";
import { showProgress } from "../progress.js";
import { commentedYaml } from "./config.js";
import { configure, runFolderOf } from "./configure.js";
import { costText, searchText } from "./searchText.js";

/** Options of `oal search`. */
export interface SearchCommandOptions extends StageOptions {
  readonly grid?: readonly string[];
  readonly values?: readonly string[];
  readonly points?: string;
  readonly detector?: readonly string[];
  readonly by?: "near" | "far" | "mean";
  readonly epochs?: readonly number[];
  readonly keepOneIn?: number;
  readonly cost?: boolean;
  readonly yes?: boolean;
}

/** File of the winner's configuration in the search's folder. */
const winnerFile = "winner.yaml";

/** Searches, and prints what came out. */
export async function searchCommand(given: string | undefined, options: SearchCommandOptions): Promise<void> {
  const load = loadOf(given, options);
  const points = pointsOf(options, load);
  const { search } = await import("../../pipeline/search/search.js");
  const out = options.out ?? join("runs", `search-${basename(runFolderOf(given, options))}`);
  const halving = options.values && {
    epochs: options.epochs ?? usualHalving.epochs,
    keepOneIn: options.keepOneIn ?? usualHalving.keepOneIn,
  };
  if (!halving && (options.epochs ?? options.keepOneIn) !== undefined)
    throw oalError("OAL-C305", {
      problem: "--epochs and --keep-one-in are for halving, which --values asks for",
    });
  const view = showProgress({ quiet: options.quiet ?? false });
  const answer = async (text: string, signal: AbortSignal): Promise<boolean> => {
    if (options.cost) {
      process.stdout.write(text);
      return false;
    }
    if (!options.quiet) view.note(text.trimEnd());
    return options.yes === true || !canAsk() || (await confirmed("train them?", signal));
  };
  try {
    const outcome = await interruptible({ resumes: true, note: (text) => view.note(text) }, (signal) =>
      search({
        load,
        points,
        out,
        force: options.force ?? false,
        ...(halving ? { halving } : {}),
        ...(options.detector === undefined ? {} : { detectors: options.detector }),
        ...(options.by === undefined ? {} : { by: options.by }),
        onCost: (costs) => {
          view.close();
          const text = options.cost && options.json ? `${JSON.stringify(costs, null, 2)}\n` : costText(costs);
          return answer(text, signal);
        },
        onEvent: (event) => view.show(event),
        signal,
      }),
    );
    view.close();
    if (outcome === null) return;
    const { result, winner } = outcome;
    const path = join(out, winnerFile);
    if (winner) await writeFileWhole(path, `${winnerHead(result.by)}${commentedYaml(winner)}`);
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ ...result, ...(winner ? { configuration: path } : {}) }, null, 2)}\n`
        : searchText(result, winner ? relative(process.cwd(), path) : null),
    );
  } finally {
    view.close();
  }
}

/** The configuration that a search starts from, with the keys of a point: these go before `--set`, and `--set` before `--method`. */
export function loadOf(given: string | undefined, options: SearchCommandOptions): Load {
  return (set) =>
    configure(
      given,
      { ...options, set: [...(options.set ?? []), ...set] },
      { withStudents: true, spareSources: true },
    );
}

/** The points that are asked for. @throws OAL-C305 where nothing, or two things at once, are asked for */
export function pointsOf(
  { grid, values, points }: Pick<SearchCommandOptions, "grid" | "values" | "points">,
  load: Load,
): readonly SearchPoint[] {
  if (grid && values)
    throw oalError("OAL-C305", {
      problem: "--grid prints a table of all points and --values halves them to a winner; give one of both",
    });
  if (!grid && !values && points === undefined)
    throw oalError("OAL-C305", {
      problem:
        "nothing is named to compare; give --grid key=a,b for a table or --values key=a,b for a winner",
    });
  const combinations = combinationsOf(grid ?? values ?? []);
  if (points === undefined) return combinations;
  // once the configuration is read, its plugins have brought their sections; what else is wrong with it, a point may mend
  try {
    load([]);
  } catch (error) {
    if (!isOalError(error, "OAL-C202")) throw error;
  }
  const records = recordKeys(configurationSchema());
  const named = pointsOfFile(points, (key) => records.includes(key));
  return joined(named, combinations);
}

function winnerHead(by: string): string {
  const what = by === "mean" ? "near and far" : by;
  return `# chosen by oal search: the best AUROC of known against ${what} unknown validation images; no set of the test was opened\n\n`;
}
