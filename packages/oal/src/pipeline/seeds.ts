/**
 * The seeds of a run. `seeds` vary everything (data, teacher, outliers, students), `studentSeeds` the students alone, which then
 * share data, teacher and outliers; a run has one kind. The first seed's stages, models and files have plain names, the others'
 * end in ".seedN".
 */
import type { Configuration } from "./configuration/schema.js";

/** Which seeds a run has, and what they vary. */
export interface RunSeeds {
  readonly vary: "run" | "students";
  /** At least one; the first has the plain names. */
  readonly seeds: readonly number[];
}

/** The seeds of a configuration. */
export function seedsOf({ seed, seeds, studentSeeds }: Configuration): RunSeeds {
  if (studentSeeds !== undefined) return { vary: "students", seeds: studentSeeds };
  return { vary: "run", seeds: seeds ?? [seed] };
}

/** One seed of a run. */
export interface SeedConfiguration {
  readonly seed: number;
  /** What its names end in: "" for the first, ".seed1". */
  readonly suffix: string;
  /** The configuration of a run of this seed alone. */
  readonly config: Configuration;
}

/** The configurations of a run's parts: those of its stages up to the students, and those of students and evaluations. */
export function seedConfigurations(config: Configuration): {
  readonly run: readonly SeedConfiguration[];
  readonly students: readonly SeedConfiguration[];
} {
  const { vary, seeds } = seedsOf(config);
  const students = seeds.map((seed, i) => ({
    seed,
    suffix: i === 0 ? "" : `.seed${seed}`,
    config: withSeed(config, seed),
  }));
  if (vary === "run") return { run: students, students };
  return { run: [{ seed: config.seed, suffix: "", config: withSeed(config, config.seed) }], students };
}

/** A run of one seed. */
function withSeed(config: Configuration, seed: number): Configuration {
  const { seeds: _seeds, studentSeeds: _studentSeeds, ...rest } = config;
  return { ...rest, seed };
}

/** The seed of data, teacher and outliers of the first seed: what decides where a run needs one seed. */
export function firstSeed(config: Configuration): number {
  return config.studentSeeds === undefined ? (config.seeds?.[0] ?? config.seed) : config.seed;
}

/** One student of a run. */
export interface StudentInstance {
  /** The recipe. */
  readonly method: string;
  readonly seed: number;
  /** "oal", "oal.seed1": what its stages and files are called after. */
  readonly label: string;
}

/** Every student of a run, seed by seed. */
export function studentsOf(config: Configuration): StudentInstance[] {
  return seedConfigurations(config).students.flatMap(({ seed, suffix }) =>
    config.methods.map((method) => ({ method, seed, label: `${method}${suffix}` })),
  );
}
