/**
 * Automatic parameter search: every combination of a detector's searched values, scored on ID validation images against near and far
 * unknown validation images; the first largest mean AUROC wins. Test images have no part in it.
 */
import {
  auroc,
  OalError,
  resolveParameters,
  type Detector,
  type FittedDetector,
  type ParameterValue,
} from "oal-core";
import type { AskedDetector } from "./asked.js";
import { bankWarnings } from "./bankClasses.js";
import { dataDefaults, defaultSentences, valuesOf, type DataDefault } from "./dataDefaults.js";
import { signWarnings } from "./featureSigns.js";
import { fitDetector, type FitGround, type FitOutcome } from "./fit.js";
import type { OutputSet } from "./outputs.js";
import { mayChoose, type DetectorSearch } from "./result.js";
import { scoreTogether, type ScoreGround } from "./score.js";

/** A combination of values, by parameter. */
type Point = Readonly<Record<string, ParameterValue>>;

/** A fit whose parameters were searched; `search` is absent where nothing could be searched. */
export type SearchedOutcome = FitOutcome & { readonly search?: DetectorSearch };

/**
 * Every combination of the values that a detector wants searched, the first parameter varying fastest.
 *
 * @param given  parameters that the user fixed, which are not searched
 * @param first  defaults that follow the data, which are tried before a parameter's own values
 * @source PROTOCOL section 6
 */
export function searchGrid(
  { parameters }: Detector,
  given: Readonly<Record<string, unknown>>,
  first: Readonly<Record<string, number>> = {},
): Point[] {
  const searched = Object.entries(parameters).filter(([name]) => !(name in given));
  let grid: Point[] = [{}];
  let any = false;
  for (const [name, { search }] of searched) {
    if (!search) continue;
    any = true;
    const own = first[name];
    const values = own === undefined || search.includes(own) ? search : [own, ...search];
    grid = values.flatMap((value) => grid.map((point) => ({ ...point, [name]: value })));
  }
  return any ? grid : [];
}

/**
 * Searches a detector's parameters and fits it with the best.
 *
 * @returns the fit with the chosen values; the usual one, with a warning, where no combination can be scored
 * @throws as `fitDetector`
 */
export async function searchDetector(
  asked: AskedDetector,
  ground: FitGround,
  scoring: ScoreGround,
): Promise<SearchedOutcome> {
  const { detector, parameters: given } = asked;
  const known = ground.sets.filter(({ group }) => group === "validation");
  const unknown = ground.sets.filter(({ group, labels }) => mayChoose(group) && labels.length > 0);
  const adapted = dataDefaults(detector, given, ground.sets);
  const first = valuesOf(adapted);
  const grid = searchGrid(detector, given, first);
  if (grid.length === 0) return fitDetector(asked, ground);
  const fits = new Fits(detector, ground);
  const candidates: { readonly parameters: Point; readonly auroc: number }[] = [];
  const warnings = [
    ...signWarnings(detector, ground.sets),
    ...bankWarnings(detector, { ...first, ...given }, ground.sets),
    ...firstSentences(detector, adapted),
  ];
  const outcomes: (FittedDetector | { readonly reason: OalError })[] = [];
  for (const point of grid) outcomes.push(await fits.at({ ...first, ...given, ...point }));
  const ready = outcomes.flatMap((outcome) => ("reason" in outcome ? [] : [outcome]));
  const scores = await scoreTogether(ready, [...known, ...unknown], scoring);
  grid.forEach((point, k) => {
    const outcome = outcomes[k];
    if (!outcome) return;
    const own = "reason" in outcome ? outcome.reason : (scores[ready.indexOf(outcome)] ?? []);
    if (own instanceof OalError)
      warnings.push(`${detector.id}: ${pointText(point)} was left out of the search, because ${own.message}`);
    else candidates.push({ parameters: point, auroc: meanAuroc(own, known, unknown) });
  });
  const [any] = candidates;
  if (!any) {
    const outcome = await fitDetector(asked, ground);
    const usual = `${detector.id}: no value of the search can be used here, so nothing was chosen by it`;
    return { ...outcome, warnings: [...new Set([...warnings, ...outcome.warnings, usual])] };
  }
  const best = candidates.reduce((top, each) => (each.auroc > top.auroc ? each : top), any);
  const chosen = await fits.at({ ...first, ...given, ...best.parameters });
  if ("reason" in chosen) return { ...chosen, warnings };
  return { fitted: chosen, warnings, search: { candidates } };
}

/** What follows the data: tried first where a parameter is searched, else taken. */
function firstSentences(detector: Detector, adapted: Readonly<Record<string, DataDefault>>): string[] {
  return Object.entries(adapted).flatMap(([name, { value, because }]) => {
    const search = detector.parameters[name]?.search;
    if (!search) return defaultSentences(detector, { [name]: { value, because } });
    if (search.includes(value)) return [];
    return [`${detector.id}: the search tries ${name} ${value} first, because ${because}`];
  });
}

/** Fits of one detector, made once for all points that a fit cannot tell apart. */
class Fits {
  readonly #detector: Detector;
  readonly #ground: FitGround;
  readonly #made = new Map<string, FittedDetector>();

  constructor(detector: Detector, ground: FitGround) {
    this.#detector = detector;
    this.#ground = ground;
  }

  async at(
    given: Readonly<Record<string, unknown>>,
  ): Promise<FittedDetector | { readonly reason: OalError }> {
    const detector = this.#detector;
    const parameters = resolveParameters(detector.id, detector.parameters, given);
    const read = Object.entries(parameters).filter(([name]) => detector.fitReads.includes(name));
    const key = JSON.stringify(read);
    const known = this.#made.get(key);
    if (known) return { ...known, parameters };
    const outcome = await fitDetector({ detector, parameters }, this.#ground);
    if ("reason" in outcome) return outcome;
    this.#made.set(key, outcome.fitted);
    return outcome.fitted;
  }
}

/**
 * How well known and unknown validation images are told apart: the mean over near and far, each the mean of its sets' AUROC, so that
 * neither a large set nor a group of many outweighs the other.
 *
 * @param scores  by set, those of the known sets first
 */
function meanAuroc(
  scores: readonly Float32Array[],
  known: readonly OutputSet[],
  unknown: readonly OutputSet[],
): number {
  const id = scores.slice(0, known.length).flatMap((part) => Array.from(part));
  const each = unknown.map(({ group }, k) => ({ group, auroc: auroc(id, scores[known.length + k] ?? []) }));
  const groups = [...new Set(each.map(({ group }) => group))];
  return mean(groups.map((group) => mean(each.filter((set) => set.group === group).map((set) => set.auroc))));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function pointText(point: Point): string {
  return Object.entries(point)
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
    .join(", ");
}
