/** What a recipe comes to under a configuration: its methods, their settings, and where their side data come from. */
import { oalError, suggest } from "oal-core";
import { everyDetector, type DetectorChoice } from "../evaluation/asked.js";
import { outlierSources } from "../outliers/sources/index.js";
import { outlierPicturesId, realPicturesOf } from "../outliers/sources/folder.js";
import { auditStageOf } from "../outliers/sources/plan.js";
import { ownSection, type MethodSettings } from "../training/methods/method.js";
import { recipes } from "../training/recipes/index.js";
import { methodsOf, needsOf, type WeightedMethod } from "../training/recipes/recipe.js";
import type { Configuration, ImageSetConfiguration } from "./configuration/schema.js";
import { sideSources } from "./sideSources/index.js";
import type { SideSource } from "./sideSources/source.js";

/** A source and what is needed of it. */
export interface NeededSource {
  readonly source: SideSource;
  /** Names of side data. */
  readonly names: readonly string[];
  /** Names of the stages it reads. */
  readonly stages: readonly string[];
}

/** A recipe with everything it needs. */
export interface RecipePlan {
  readonly methods: readonly WeightedMethod[];
  /** Sections of the methods, the trained network's own options under `training`. */
  readonly settings: MethodSettings;
  /** These, and the sections of the sources of side data. */
  readonly sourceSettings: MethodSettings;
  readonly sources: readonly NeededSource[];
  /** Names of all stages that it reads, each once. */
  readonly stages: readonly string[];
}

/**
 * Plans a recipe.
 *
 * @param id of a recipe
 * @param section the options of the network that is trained
 * @throws OAL-C204 for a recipe, method or outlier source that does not exist; OAL-T112 for side data that no source gives
 */
export function planRecipe(
  id: string,
  config: Configuration,
  section: Readonly<Record<string, unknown>> = config.student,
): RecipePlan {
  const recipe = recipes.find(id);
  const methods = methodsOf(recipe);
  const settings = settingsOf(methods, config, section);
  // which sections a source reads may depend on others that it reads
  const everySection = { ...config, ...settings };
  const bySource = new Map<SideSource, string[]>();
  for (const name of needsOf(methods, settings)) {
    const source = sideSources.all.find(({ provides }) => provides.includes(name));
    if (source === undefined) {
      const near = suggest(
        name,
        sideSources.all.flatMap(({ provides }) => provides),
      );
      const hint = near === undefined ? "" : ` (did you mean "${near}"?)`;
      throw oalError("OAL-T112", {
        recipe: recipe.id,
        problem: `its methods need side data "${name}", which no source gives${hint}`,
      });
    }
    bySource.set(source, [...(bySource.get(source) ?? []), name]);
  }
  const sources = [...bySource].map(([source, names]) => ({
    source,
    names,
    stages: source.stages(everySection, names),
  }));
  const read = sources.flatMap(({ source }) => source.sections?.(everySection) ?? []);
  const sourceSettings = { ...settings, ...Object.fromEntries(read.map((name) => [name, config[name]])) };
  return {
    methods,
    settings,
    sourceSettings,
    sources,
    stages: [...new Set(sources.flatMap((each) => each.stages))],
  };
}

/** The sections that methods read, as they stand in a configuration. */
function settingsOf(
  methods: readonly WeightedMethod[],
  config: Configuration,
  section: Readonly<Record<string, unknown>>,
): MethodSettings {
  const sections: Record<string, unknown> = {};
  const own: Record<string, unknown> = {};
  for (const { method } of methods) {
    if (method.section !== undefined) sections[method.section] = config[method.section];
    else for (const key of Object.keys(method.schema.shape)) own[key] = section[key];
  }
  return { ...sections, [ownSection]: own };
}

/** Ids of the detectors that read heads of a recipe's methods: its students are measured by them too, and their files hold them. */
export function ownDetectors(recipe: string, config: Configuration): readonly string[] {
  const { methods, settings } = planRecipe(recipe, config);
  return [...new Set(methods.flatMap(({ method }) => method.detectors?.(settings) ?? []))];
}

/** The detectors that a recipe's students are measured by: those of the configuration, and those of heads of its own. */
export function measuredDetectors(recipe: string, config: Configuration): readonly DetectorChoice[] {
  const { detectors: asked } = config.evaluation;
  const named = asked.map((choice) => (typeof choice === "string" ? choice : choice.id));
  if (named.includes(everyDetector)) return asked;
  return [...asked, ...ownDetectors(recipe, config).filter((id) => !named.includes(id))];
}

/** Where the real outlier pictures of a run lie; undefined where no student is shown any. @throws OAL-T111 */
export function realOutliersOf(config: Configuration): ImageSetConfiguration | undefined {
  if (!studentsRead(config, outlierPicturesId)) return undefined;
  const { path, ...where } = realPicturesOf(config);
  return path === undefined ? undefined : { path, ...where };
}

/** Ids of the outlier sources that are looked at before some student of a run is shown their pictures. */
export function auditedSources(config: Configuration): readonly string[] {
  const read = new Set(config.methods.flatMap((recipe) => planRecipe(recipe, config).stages));
  return outlierSources.ids.filter((id) => read.has(auditStageOf(id)));
}

/** Whether a student of a run reads a stage. */
export function studentsRead(config: Configuration, stage: string): boolean {
  return config.methods.some((recipe) => planRecipe(recipe, config).stages.includes(stage));
}
