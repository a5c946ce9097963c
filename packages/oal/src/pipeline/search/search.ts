/** Searching settings: a table of all points, or successive halving to a winner; on validation images, and nothing of the test. */
import { join } from "node:path";
import { oalError } from "oal-core";
import { engineOnDemand } from "../../runtime/engines/index.js";
import { makeFolder } from "../../runtime/makeFolder.js";
import { writeFileWhole } from "../../runtime/writeFile.js";
import type { Configuration } from "../configuration/schema.js";
import { listenerLogs, type RunEvent } from "../events.js";
import type { StageWorkshop } from "../plan/walk.js";
import { shareMachine } from "../jobs.js";
import { openStore } from "../store/location.js";
import { writeError } from "../../runtime/systemError.js";
import { versions } from "../versions.js";
import { candidatesOf, groundOf, pointAsGiven, type Candidate, type Load } from "./candidates.js";
import { costOf, shareOf, type RungCost } from "./cost.js";
import type { CandidateFigures, Figure } from "./figures.js";
import {
  asGiven,
  ranked,
  roundsOf,
  survivorCount,
  survivors,
  type Halving,
  type PlannedRound,
} from "./halving.js";
import { judgesOf } from "./judges.js";
import type { SearchPoint } from "./points.js";
import { planRung, SearchGround, withoutTwins, type Rung } from "./rung.js";
import { trainRound, type TrainedRound } from "./train.js";

/** What a search is told. */
export interface SearchOptions {
  /** Makes the configuration that the search starts from, with keys set. */
  readonly load: Load;
  /** What is tried, beside the configuration as it is given where there is a winner. */
  readonly points: readonly SearchPoint[];
  /** Successive halving to a winner; absent: a table of all points. */
  readonly halving?: Halving;
  /** Detectors by whose AUROC students are compared, the mean over several. Default: the one that decides (`evaluation.scoreDetector`). */
  readonly detectors?: readonly string[];
  /** What decides: near, far, or the mean of both. Default "mean". */
  readonly by?: Exclude<Figure, "accuracy">;
  /** Seeds of the last round, where the configuration names none: so many, from its seed on, of the students. Default 3. */
  readonly seeds?: number;
  /** Folder of the result. */
  readonly out: string;
  /** Goes on where there is too little memory. */
  readonly force?: boolean;
  /** Asked once the cost is known; false ends the search before anything is trained. Default: goes on. */
  readonly onCost?: (cost: readonly RungCost[]) => Promise<boolean>;
  readonly onEvent?: (event: RunEvent) => void;
  readonly signal?: AbortSignal;
}

/** A finished round: the candidates that were trained, and those that failed by themselves. */
export interface SearchRound extends TrainedRound {
  /** Epochs of every student; null: as many as each configuration says. */
  readonly epochs: number | null;
  /** Numbers of those that went on, the best first; empty for the last round. */
  readonly wentOn: readonly number[];
}

/** What a search found. */
export interface SearchResult {
  readonly folder: string;
  readonly detectors: readonly string[];
  readonly by: Exclude<Figure, "accuracy">;
  readonly rounds: readonly SearchRound[];
  /** The best of the last round; null for a table, which has no winner. */
  readonly winner:
    (Pick<CandidateFigures, "number" | "name" | "values"> & { readonly isAsGiven: boolean }) | null;
}

/** What was found, and the winner's configuration as `oal run` takes it; null where the search was declined. */
export type SearchOutcome = { readonly result: SearchResult; readonly winner: Configuration | null } | null;

/** File of the result in the search's folder. */
export const searchFile = "search.json";

/**
 * Searches. What is trained lies in the store, so that the same call goes on after a stop, and other searches and runs find it.
 *
 * @throws OAL-C305, OAL-C306, OAL-C307 for points and data that cannot be searched, OAL-E201 for a detector that does not exist; else as a run
 */
export async function search(options: SearchOptions): Promise<SearchOutcome> {
  const { load, points, halving, by = "mean", out } = options;
  if (halving && points.some(({ values }) => "student.epochs" in values))
    throw oalError("OAL-C305", {
      problem: "successive halving raises student.epochs by itself; compare its values with --grid",
    });
  const given = halving ? load([]) : groundOf(load, points);
  const rounds = roundsOf(given, options.seeds ?? 3, halving);
  const all = halving ? [pointAsGiven(given, points), ...points] : points;
  const candidates = rounds.map(({ epochs, seeds }) =>
    candidatesOf(all, load, epochs === null ? [] : [`student.epochs=${epochs}`]).map((each) => ({
      ...each,
      config: { ...each.config, ...seeds },
    })),
  );
  const judges = judgesOf(given, options.detectors, candidates.flat());
  const workshop = await workshopOf(given, options);
  const ground = new SearchGround(workshop, {
    force: options.force ?? false,
    ...(options.onEvent ? { onEvent: options.onEvent } : {}),
  });
  const planned: Rung[] = [];
  const distinct: (readonly Candidate[])[] = [];
  for (const each of candidates) {
    const round = withoutTwins(await planRung(each, ground, workshop));
    planned.push(round.rung);
    distinct.push(round.candidates);
  }
  if ((distinct[0]?.length ?? 0) < 2)
    throw oalError("OAL-C305", { problem: "no key that is named has an effect on what is trained" });
  const costs = await costsOf(planned, rounds, workshop, halving);
  if (options.onCost && !(await options.onCost(costs))) return null;
  const finished: SearchRound[] = [];
  let going: readonly number[] = (distinct[0] ?? []).map(({ number }) => number);
  for (const [i, { epochs }] of rounds.entries()) {
    const own = (distinct[i] ?? []).filter(({ number }) => going.includes(number));
    const isWhole = own.length === distinct[i]?.length;
    const rung = isWhole ? planned[i] : await planRung(own, ground, workshop);
    const trained = await trainRound(rung, own, judges, workshop, halving ? `round ${i + 1}` : "search");
    const isLast = i === rounds.length - 1;
    const best = isLast ? [] : survivors(trained.candidates, by, halving);
    going = best;
    finished.push({ epochs, ...trained, wentOn: best });
  }
  const last = finished.at(-1)?.candidates ?? [];
  const top = halving ? ranked(last, by)[0] : undefined;
  const result: SearchResult = {
    folder: out,
    detectors: judges,
    by,
    rounds: finished,
    winner: top ? winnerOf(top) : null,
  };
  await keep(out, result);
  return { result, winner: top ? load(result.winner?.isAsGiven === true ? [] : settingsOf(top)) : null };
}

async function workshopOf(config: Configuration, { onEvent, signal }: SearchOptions): Promise<StageWorkshop> {
  const { choice, jobs, sentence, warning } = await shareMachine(config);
  const events = listenerLogs(onEvent && withoutRepeats(onEvent));
  if (sentence !== null) events.stage("search").message(sentence);
  if (warning !== null) events.stage("search").warning(warning);
  return {
    store: await openStore(),
    events,
    versions: versions(),
    signal: signal ?? new AbortController().signal,
    engine: engineOnDemand(choice),
    jobs,
  };
}

/** Passes a warning of a kind of stage on once, however many students it is true of. */
function withoutRepeats(onEvent: (event: RunEvent) => void): (event: RunEvent) => void {
  const told = new Set<string>();
  return (event) => {
    const what = `${event.stage.split(":")[0] ?? ""} ${event.text ?? ""}`;
    if (event.kind === "warning" && told.has(what)) return;
    if (event.kind === "warning") told.add(what);
    onEvent(event);
  };
}

async function costsOf(
  planned: readonly Rung[],
  rounds: readonly PlannedRound[],
  { store, engine }: StageWorkshop,
  halving: Halving | undefined,
): Promise<readonly RungCost[]> {
  const { facts } = await engine();
  const costs: RungCost[] = [];
  const earlier = new Set<string>();
  let going = planned[0] ? new Set(planned[0].trials.map(({ candidate }) => candidate.number)).size : 0;
  for (const [i, rung] of planned.entries()) {
    costs.push(shareOf(await costOf(rung, store, facts, rounds[i]?.epochs ?? null, earlier), going));
    for (const { key } of rung.plan.stages) earlier.add(key);
    if (halving) going = Math.min(going, survivorCount(going, halving) + 1);
  }
  return costs;
}

function settingsOf({ values }: CandidateFigures): readonly string[] {
  return Object.entries(values).map(([key, text]) => `${key}=${text}`);
}

function winnerOf({ number, name, values }: CandidateFigures): NonNullable<SearchResult["winner"]> {
  return { number, ...(name === undefined ? {} : { name }), values, isAsGiven: number === asGiven };
}

async function keep(folder: string, result: SearchResult): Promise<void> {
  try {
    await makeFolder(folder);
    await writeFileWhole(join(folder, searchFile), `${JSON.stringify(result, null, 2)}\n`);
  } catch (error) {
    throw writeError(folder, error);
  }
}
