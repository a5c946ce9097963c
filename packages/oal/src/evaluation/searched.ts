/** What searches of detectors' parameters chose, in sentences, and as a configuration has it. */
import { detectors, type Parameter } from "oal-core";
import { combinationSentence } from "./combine.js";
import type { DetectorResult, EvaluationResult } from "./result.js";

type Searched = Pick<DetectorResult, "id" | "parameters" | "search">;

/**
 * One sentence per detector whose parameters were searched, and one of the combination.
 *
 * @returns "ce, gen: gamma 0.5, largest 10, of 42 that were tried: validation AUROC 93.21 %, the others 88.02 to 93.20 %"
 */
export function searchedSentences(results: readonly EvaluationResult[]): string[] {
  return results.flatMap(({ model, seed, detectors: own, combination }) => [
    ...(combination ? [`${model}, ${combinationSentence(combination)}`] : []),
    ...own.flatMap((each) => {
      const candidates = each.search?.candidates ?? [];
      const values = candidates.map(({ auroc }) => auroc);
      if (candidates.length < 2) return [];
      const chosen = Object.entries(chosenOf(each)).map(
        ([name, value]) => `${name} ${JSON.stringify(value)}`,
      );
      const best = Math.max(...values);
      const others = values.toSpliced(values.indexOf(best), 1);
      const seeded = results.some((other) => other.model === model && other.seed !== seed)
        ? `, seed ${seed}`
        : "";
      return [
        `${model}${seeded}, ${each.id}: ${chosen.join(", ")}, of ${candidates.length} that were tried: validation AUROC ${percent(best)} %, the others ${percent(Math.min(...others))} to ${percent(Math.max(...others))} %`,
      ];
    }),
  ]);
}

/** The searched parameters, with the values that were chosen. */
function chosenOf({ parameters, search }: Searched): Record<string, unknown> {
  const names = new Set(search?.candidates.flatMap((candidate) => Object.keys(candidate.parameters)));
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => names.has(name)));
}

/** Whether a parameter's default may be another one with other data, so that leaving it out is not the same as giving its value. */
function followsData({ classShare, setShare, featureShare, beyondClasses }: Parameter): boolean {
  return [classShare, setShare, featureShare, beyondClasses].some((bound) => bound !== undefined);
}

/**
 * The detectors of a result as `evaluation.detectors` has them, with every parameter that is not the default whatever the data.
 *
 * @returns `[msp, { id: gen, parameters: { gamma: 0.5, largest: 10 } }]`, in YAML's short form
 */
export function detectorsAsConfigured(own: readonly Searched[]): string {
  // one that only this evaluation has, as a variant with a sampled bank, is no detector by name
  const named = own.filter(({ id }) => detectors.has(id));
  const listed = named.map(({ id, parameters }) => {
    const schema = detectors.find(id).parameters;
    const changed = Object.entries(parameters).filter(([name, value]) => {
      const spec = schema[name];
      return spec === undefined || followsData(spec) || !isSame(spec.default, value);
    });
    const values = changed.map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    return values.length === 0 ? id : `{ id: ${id}, parameters: { ${values.join(", ")} } }`;
  });
  return `[${listed.join(", ")}]`;
}

/**
 * How the evaluations of a run are made again without a search. One configuration has one list of detectors for all students: where searches
 * chose alike, it is for all of them, otherwise each line names the students that it is for.
 *
 * @returns options of `oal run`, a line each; none where nothing was searched
 */
export function withoutSearch(results: readonly EvaluationResult[]): string[] {
  if (!results.some(({ detectors: own }) => own.some(({ search }) => search))) return [];
  const students = new Map<string, string[]>();
  for (const { model, seed, detectors: own } of results) {
    const several = results.some((other) => other.model === model && other.seed !== seed);
    const name = several ? `${model}, seed ${seed}` : model;
    const list = detectorsAsConfigured(own);
    students.set(list, [...(students.get(list) ?? []), name]);
  }
  const options = (list: string): string =>
    `--set evaluation.search=false --set 'evaluation.detectors=${list}'`;
  const [first, ...others] = students.keys();
  if (first === undefined) return [];
  if (others.length === 0) return [`the same without a search: ${options(first)}`];
  return [
    "the same without a search; a run has one list of detectors for all its students, so each line is for a run of those that it names:",
    ...[...students].map(([list, names]) => `${names.join("; ")}: ${options(list)}`),
  ];
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const percent = (value: number): string => (100 * value).toFixed(2);
