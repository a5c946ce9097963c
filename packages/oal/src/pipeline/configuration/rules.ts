/** Rules that no single key's type can hold: names of registries, and keys that must fit each other. */
import { combinationId, detectors, isOalError, oalError, resolveParameters, suggest } from "oal-core";
import { everyDetector } from "../../evaluation/asked.js";
import { unknownName } from "../../fields.js";
import { outlierSources } from "../../outliers/sources/index.js";
import { planSource, refusalOf } from "../../outliers/sources/plan.js";
import { makesPictures } from "../../outliers/synthesisOptions.js";
import { exposureOptions } from "../../training/methods/exposure.js";
import { recipes } from "../../training/recipes/index.js";
import { methodsOf } from "../../training/recipes/recipe.js";
import { missingChoosers } from "./choosers.js";
import { takenSetNames } from "./dataSection.js";
import type { Locate } from "./issues.js";
import type { Configuration } from "./schema.js";

/**
 * Checks the rules between keys, and the names that registries hold.
 *
 * @param locate where a key was given
 * @throws OAL-C202 for the first rule that is broken
 */
export function checkTogether(configuration: Configuration, locate: Locate): void {
  const refuse = (path: readonly string[], problem: string): never => {
    throw oalError("OAL-C202", { at: path.join("."), where: locate(path), problem });
  };
  const { data, boundary, autoEncoder, denoiser, evaluation, synthesis } = configuration;
  if (evaluation.ask !== undefined && evaluation.ask > evaluation.keep)
    refuse(
      ["evaluation", "ask"],
      `${evaluation.ask} is above evaluation.keep, ${evaluation.keep}; the second threshold lies above the first`,
    );
  data.ood.forEach(({ name }, i) => {
    const earlier = data.ood.slice(0, i).some((other) => other.name === name);
    if (!earlier && !takenSetNames.includes(name)) return;
    const by = earlier ? "another set of this list" : "a set or mean of every run";
    refuse(["data", "ood", String(i), "name"], `"${name}" is taken, by ${by}; choose another name`);
  });
  if (data.source === "embedded" && (data.id ?? data.validation ?? data.test) !== undefined) {
    refuse(["data", "source"], 'sets of files are given, so source must be a folder, not "embedded"');
  }
  for (const [path, set] of [
    [["data", "id"], data.id],
    [["data", "validation"], data.validation],
    [["data", "test"], data.test],
    ...data.ood.map((set, i) => [["data", "ood", String(i)], set] as const),
  ] as const) {
    if (set?.list !== undefined && set.split !== undefined)
      refuse([...path, "split"], "a list names its images, so there is no part to choose; give one of both");
  }
  if (configuration.seeds !== undefined && configuration.studentSeeds !== undefined)
    refuse(["studentSeeds"], "seeds vary the students too; give one of both");
  checkDetectors(configuration, refuse);
  for (const [i, recipe] of configuration.methods.entries()) {
    if (!recipes.has(recipe)) refuse(["methods", String(i)], unknownName("recipe", recipe, recipes.ids));
    methodsOf(recipes.find(recipe));
  }
  const { outliers } = exposureOptions(configuration);
  if (!outlierSources.has(outliers))
    refuse(["exposure", "outliers"], unknownName("outlier source", outliers, outlierSources.ids));
  for (const id of Object.keys(configuration.keep.sources)) {
    const at = ["keep", "sources", id];
    if (!outlierSources.has(id)) refuse(at, unknownName("outlier source", id, outlierSources.ids));
    const members = outlierSources.find(id).members(configuration);
    if (members.length > 0)
      refuse(at, `"${id}" is made of other sources; name its members: ${members.join(", ")}`);
  }
  const plan = planSource(outliers, configuration);
  const use = {
    isEmbedded: data.source === "embedded",
    model: !makesPictures(synthesis) ? "none" : synthesis.model === undefined ? "trained" : "given",
    hasAnchors: boundary.outliers === undefined && boundary.standIn !== "gaussian",
  } as const;
  const refused = refusalOf(plan, use, configuration);
  if (refused !== null) refuse(["exposure", "outliers"], refused);
  if (data.size % 8 !== 0) refuse(["data", "size"], "must be a multiple of 8");
  if (autoEncoder.width % 8 !== 0) refuse(["autoEncoder", "width"], "must be a multiple of 8");
  if (denoiser.channels % 16 !== 0) refuse(["denoiser", "channels"], "must be a multiple of 16");
}

/** Names and parameters of detectors, and the one that decides. */
function checkDetectors(
  configuration: Configuration,
  refuse: (path: readonly string[], problem: string) => never,
): void {
  const { data, evaluation } = configuration;
  const known = detectors.all.flatMap(({ id, aliases }) => [id, ...aliases]);
  const ids = evaluation.detectors.map((choice) => (typeof choice === "string" ? choice : choice.id));
  evaluation.detectors.forEach((choice, i) => {
    const at = ["evaluation", "detectors", String(i)];
    const id = ids[i] ?? "";
    if (choice === everyDetector) return;
    if (!detectors.has(id)) {
      const near = suggest(id, known);
      const rest = near === undefined ? "; oal list detectors shows them" : `, did you mean "${near}"?`;
      refuse(at, `there is no detector "${id}"${rest}`);
    }
    if (ids.indexOf(id) < i) refuse(at, `"${id}" is named twice`);
    if (typeof choice === "string") return;
    try {
      resolveParameters(id, detectors.find(id).parameters, choice.parameters);
    } catch (error) {
      if (!isOalError(error, "OAL-E202")) throw error;
      const { parameter, range, found } = error.details;
      refuse([...at, "parameters", parameter], `must be ${range}, it is ${found}`);
    }
  });
  const { scoreDetector } = evaluation;
  const heads = detectors.has(scoreDetector) ? detectors.find(scoreDetector).needs : [];
  const head = heads.find((tap) => tap.startsWith("heads."))?.slice("heads.".length);
  if (head !== undefined && !ownDetectorsOf(configuration).includes(scoreDetector))
    refuse(
      ["evaluation", "scoreDetector"],
      `"${scoreDetector}" reads the trained head "${head}", which nothing makes in this run: oal list methods and oal list exposures say what does (an exposure needs a weight)`,
    );
  const measured = [
    ...(ids.includes(everyDetector) ? known : [...ids, ...ownDetectorsOf(configuration)]),
    ...(evaluation.combine ? [combinationId] : []),
  ];
  if (!measured.includes(evaluation.scoreDetector)) {
    const near = suggest(evaluation.scoreDetector, measured);
    const problem = `"${evaluation.scoreDetector}" is not among evaluation.detectors`;
    refuse(
      ["evaluation", "scoreDetector"],
      problem +
        (near === undefined
          ? `; say which of them decides, as --set evaluation.scoreDetector=${measured[0] ?? ""}`
          : `, did you mean "${near}"?`),
    );
  }
  for (const [key, what] of [
    ["search", "a search"],
    ["combine", "a combination"],
  ] as const) {
    const [missing] = evaluation[key] ? missingChoosers(data) : [];
    if (missing !== undefined)
      refuse(
        ["evaluation", key],
        `${what} needs unknown images to choose by: a set of data.ood with group: ${missing}`,
      );
  }
}

/** The detectors of heads that the training methods of a run's recipes make. */
function ownDetectorsOf(configuration: Configuration): readonly string[] {
  const known = configuration.methods.filter((recipe) => recipes.has(recipe));
  return known.flatMap((recipe) =>
    methodsOf(recipes.find(recipe)).flatMap(({ method }) => method.detectors?.(configuration) ?? []),
  );
}
