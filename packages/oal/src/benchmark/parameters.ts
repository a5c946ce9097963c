/** Parameters of detectors as an earlier benchmark chose them, given back: the file parameters.json, or one written by hand. */
import { detectors, oalError, resolveParameters, type ParameterValues } from "oal-core";
import { z } from "zod";
import type { AskedDetector } from "../evaluation/asked.js";
import { parseKeyFile, withRemedy } from "./keyFile.js";
import type { BenchmarkRow } from "./result.js";

const perDetector = z.record(z.string(), z.record(z.string(), z.json()));
const schema = z.record(z.string(), z.union([perDetector, z.array(perDetector)]));

/** Parameters by model; a list has one entry per seed. */
export type GivenParameters = z.infer<typeof schema>;

/** The entry that stands for every model that has none of its own. */
export const everyModel = "*";

/**
 * Reads a file of parameters.
 *
 * @throws OAL-C201 to OAL-C203 for a file that is none, OAL-E201 for an unknown detector, OAL-E202 for a value that it does not take
 */
export function readParameters(path: string): GivenParameters {
  const remedy =
    "give the parameters.json of a benchmark, or a file that has a detector's parameters by model";
  const { data } = withRemedy(remedy, () => parseKeyFile(path, schema));
  for (const entry of Object.values(data).flat())
    for (const [id, values] of Object.entries(entry)) {
      const detector = detectors.find(id);
      resolveParameters(detector.id, detector.parameters, values);
    }
  return data;
}

/**
 * The detectors with the parameters that are given for a model and seed; what is given is not searched.
 *
 * @throws OAL-C312 where a file of parameters has nothing for the model, or not for this seed
 */
export function withParameters(
  asked: readonly AskedDetector[],
  given: GivenParameters | undefined,
  model: string,
  seed: number,
): AskedDetector[] {
  if (!given) return [...asked];
  const entry = given[model] ?? given[everyModel];
  if (entry === undefined) throw oalError("OAL-C312", { model, seed: null, known: Object.keys(given) });
  const own = Array.isArray(entry) ? (entry.length === 1 ? entry[0] : entry[seed]) : entry;
  if (own === undefined) throw oalError("OAL-C312", { model, seed, known: Object.keys(given) });
  const byId = new Map(Object.entries(own).map(([name, values]) => [detectors.find(name).id, values]));
  return asked.map((each) => ({
    ...each,
    parameters: { ...each.parameters, ...byId.get(each.detector.id) },
  }));
}

/** The text of parameters.json: what every row used, to be given back. */
export function parametersJson(rows: readonly BenchmarkRow[]): string {
  const models: Record<string, Record<string, ParameterValues>[]> = {};
  for (const { model, detector, seeds, parameters } of rows)
    seeds.forEach((seed, k) => {
      const list = (models[model] ??= []);
      while (list.length <= seed) list.push({});
      const entry = list[seed];
      if (entry) entry[detector] = parameters[k] ?? {};
    });
  return `${JSON.stringify(models, null, 2)}\n`;
}
