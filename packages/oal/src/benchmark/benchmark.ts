/** A benchmark: models of anyone and detectors on the sets of a protocol, with every number that was computed kept for the next time. */
import { join } from "node:path";
import { defaultDetectors, oalError } from "oal-core";
import { cacheFolder } from "../data/cacheFolder.js";
import { askedDetectors, type AskedDetector } from "../evaluation/asked.js";
import { searchGrid } from "../evaluation/search.js";
import { bootstrapDefaults } from "../evaluation/resample.js";
import { oalVersion } from "../pipeline/versions.js";
import { checkProtocol, type ProtocolCheck } from "./check.js";
import { nameOfFile, picturesNeeded, type BenchmarkOptions, type Ground } from "./ground.js";
import { canSearch, lacking, looksInside } from "./measure.js";
import { openModel } from "./models.js";
import { bankFileBytes, needsOf, type BenchmarkNeeds, type ModelNeeds } from "./needs.js";
import { openProtocol, type OpenedProtocol } from "./openProtocol.js";
import { outputsFolder, SetOutputs } from "./outputs.js";
import { Pace } from "./pace.js";
import { withParameters } from "./parameters.js";
import type { ProtocolSet } from "./protocol.js";
import { withRanks } from "./ranks.js";
import {
  benchmarkFormat,
  type BenchmarkResult,
  type BenchmarkRow,
  type LeftOutRow,
  type ModelFile,
} from "./result.js";
import { rowsOfModel, type ScoredSeed } from "./rows.js";
import { askedModel, scoreFile } from "./scoreFile.js";
import { openSets } from "./sets.js";

/** A benchmark that may begin: everything was looked at, nothing computed. */
export interface PreparedBenchmark {
  readonly needs: BenchmarkNeeds;
  /** What was settled, in sentences. */
  readonly notes: readonly string[];
  run(): Promise<BenchmarkResult>;
}

/**
 * Looks at everything that a benchmark needs: data, models, detectors, disk.
 *
 * @throws OAL-C310 (protocol), OAL-C311 (a model of other classes), OAL-C312 (parameters), OAL-C313 (models), OAL-D190 (data), OAL-E201,
 *   OAL-E202, OAL-E243 (detectors), and as `loadModel` does
 */
export async function prepareBenchmark(options: BenchmarkOptions): Promise<PreparedBenchmark> {
  const { models, signal, limit, parameters, engine, load = {} } = options;
  const asked = askedDetectors(options.detectors ?? defaultDetectors);
  const files = models.flatMap(({ name, files: own }) => own.map((file, seed) => ({ name, file, seed })));
  const given = files.flatMap(({ name, seed }) => withParameters(asked, parameters, name, seed));
  const opened = wantedSets(openProtocol(options.protocol, options.root), given);
  const check = await checkProtocol(opened, {
    signal,
    onProgress: (set, done, total) => options.onProgress?.("check", done, total, set),
  });
  const { kept, deviations } = keptSets(opened, check, options);
  const sets = await openSets(opened, kept, limit, signal);
  const cache = join(cacheFolder(), "benchmark");
  const ground: Ground = { options, opened, check, sets, asked, files, deviations, cache };
  const notes = check.notes.filter((note) => !opened.protocol.notes.includes(note));
  const needs: ModelNeeds[] = [];
  const inside = new Set<AskedDetector>();
  const imagesOf = (role: ProtocolSet["role"]): number =>
    sets.find(({ set }) => set.role === role)?.ids.length ?? 0;
  let classes = 0;
  let side = 0;
  for (const file of files) {
    signal?.throwIfAborted();
    const model = await openModel(opened, file, sets, { engine, load, signal });
    notes.push(...model.notes.map((note) => `${nameOfFile(ground, file)}: ${note}`));
    const { widths, rule, shows, ...own } = askedModel(engine, model.loaded);
    for (const each of asked) if (looksInside(each) && lacking(each, shows) === undefined) inside.add(each);
    const missing = sets.map(
      (set) =>
        set.ids.length - new SetOutputs(join(cache, outputsFolder), set, { widths, rule, ...own }).known,
    );
    const images = sets.reduce((sum, set) => sum + set.ids.length, 0);
    const left = missing.reduce((sum, count) => sum + count, 0);
    const rowBytes = 4 * left * (widths.logits + widths.features);
    const banks = withParameters(asked, parameters, file.name, file.seed)
      .filter((each) => lacking(each, shows) === undefined)
      .map((each) => bankFileBytes(each, imagesOf, widths));
    needs.push({
      name: file.name,
      seed: file.seed,
      path: file.file,
      images,
      known: images - left,
      rowBytes,
      bankBytes: Math.max(0, ...banks),
    });
    classes = Math.max(classes, widths.logits);
    side = Math.max(side, rule.crop);
  }
  const scored = sets.filter(({ set }) => set.role !== "train");
  const again = inside.size === 0 ? [] : picturesNeeded(sets, [...inside]);
  return {
    needs: await needsOf({
      models: needs,
      inside: [...inside].map(({ detector }) => detector.id),
      pictureBytes: 3 * side * side * again.reduce((sum, { ids }) => sum + ids.length, 0),
      scoredImages: scored.reduce((sum, { ids }) => sum + ids.length, 0),
      seeds: Math.max(...models.map((model) => model.files.length)),
      detectors: asked.length,
      classes,
      testImages: imagesOf("test"),
      cache,
    }),
    notes,
    run: () =>
      runBenchmark(
        ground,
        needs.reduce((sum, { images, known }) => sum + images - known, 0),
      ),
  };
}

/** The protocol without the training set where no detector is fitted on it, with the parameters that any model has. */
function wantedSets({ protocol, root }: OpenedProtocol, asked: readonly AskedDetector[]): OpenedProtocol {
  const fits = asked.some(({ detector, parameters }) => detector.fitOn(parameters) === "train");
  return {
    root,
    protocol: { ...protocol, sets: protocol.sets.filter(({ role }) => fits || role !== "train") },
  };
}

/** The sets to measure, and what of the protocol is not measured. @throws OAL-D190 */
function keptSets(
  { protocol, root }: OpenedProtocol,
  check: ProtocolCheck,
  { partial = false, limit }: BenchmarkOptions,
): { readonly kept: readonly ProtocolSet[]; readonly deviations: readonly string[] } {
  const faults = check.sets.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`));
  const problems = [...faults, ...check.problems];
  const isWhole = (name: string): boolean =>
    check.sets.find((set) => set.name === name)?.problems.length === 0;
  const kept = protocol.sets.filter(({ name }) => isWhole(name));
  const canMeasure =
    kept.some(({ role }) => role === "test") && kept.some(({ role }) => role === "near" || role === "far");
  if (problems.length > 0 && (!partial || !canMeasure))
    throw oalError("OAL-D190", { protocol: protocol.id, root, problems });
  return {
    kept,
    deviations: [
      ...faults.map((problem) => `left out: ${problem}`),
      ...check.problems,
      ...(limit === undefined ? [] : [`at most ${limit} images of each set: a try, not the protocol`]),
    ],
  };
}

/** What is to be said where parameters should have been searched and there is nothing to choose them by. */
function unsearched({ options, sets, asked, files }: Ground): string[] {
  const { search = true, parameters } = options;
  const groups = sets.map(({ set: { role } }) => ({ group: role === "shifted" ? ("test" as const) : role }));
  const isWanted = files.some(({ name, seed }) =>
    withParameters(asked, parameters, name, seed).some(
      ({ detector, parameters: own }) => searchGrid(detector, own).length > 0,
    ),
  );
  return search && isWanted && !canSearch(groups)
    ? [
        "detector parameters were not searched: there are no known and unknown validation images to choose by, so the published defaults stand",
      ]
    : [];
}

/** @param toCompute  images that are to go through models, all files together */
async function runBenchmark(ground: Ground, toCompute: number): Promise<BenchmarkResult> {
  const { options, opened, check, sets, deviations, files } = ground;
  const { models, resamples = bootstrapDefaults.resamples, seed = bootstrapDefaults.seed } = options;
  const pace = new Pace(toCompute, (sentence) => options.onMessage?.(sentence));
  const warnings = new Map<string, string[]>();
  const leftOut: LeftOutRow[] = [];
  const rows: Omit<BenchmarkRow, "rank">[] = [];
  const told: { readonly name: string; readonly files: ModelFile[] }[] = [];
  for (const [m, { name }] of models.entries()) {
    const seeds: ScoredSeed[] = [];
    const own: ModelFile[] = [];
    for (const file of files.filter((each) => each.name === name)) {
      const found = await scoreFile(ground, file, files.indexOf(file), pace);
      seeds.push(found.scored);
      own.push(found.facts);
      for (const text of new Set(found.warnings))
        warnings.set(text, [...(warnings.get(text) ?? []), nameOfFile(ground, file)]);
      leftOut.push(...found.leftOut.map((each) => ({ model: name, seed: file.seed, ...each })));
    }
    told.push({ name, files: own });
    const count = ground.asked.length;
    rows.push(
      ...(await rowsOfModel(name, seeds, {
        resamples,
        seed,
        threads: options.engine.facts.threads,
        signal: options.signal,
        onProgress: (done) =>
          options.onProgress?.("intervals", m * count + done, models.length * count, name),
      })),
    );
  }
  const { id, title, known, notes } = opened.protocol;
  return {
    format: benchmarkFormat,
    version: oalVersion(),
    protocol: { id, title, known, notes, deviations },
    sets: sets.map(({ set, ids }) => ({
      name: set.name,
      role: set.role,
      images: ids.length,
      sha256: check.sets.find(({ name }) => name === set.name)?.sha256 ?? null,
    })),
    models: told,
    rows: withRanks(rows),
    leftOut,
    searched: rows.some(({ searches }) => searches.some((search) => search !== null)),
    bootstrap: { resamples, seed },
    warnings: [
      ...unsearched(ground),
      ...[...warnings].map(([text, names]) => `${names.join("; ")}: ${text}`),
    ],
  };
}
