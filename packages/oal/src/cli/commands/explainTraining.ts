/** What `oal explain` says of outlier sources, of their uses in training, and of training methods and recipes. */
import { outlierSources } from "../../outliers/sources/index.js";
import { exposures } from "../../training/exposures/index.js";
import { picturesNeeds, type Exposure } from "../../training/exposures/exposure.js";
import { exposureMethod } from "../../training/methods/exposure.js";
import { trainingMethods } from "../../training/methods/index.js";
import type { TrainingMethod } from "../../training/methods/method.js";
import type { TermDeclarations } from "../../training/methods/terms.js";
import { recipes } from "../../training/recipes/index.js";
import type { Recipe } from "../../training/recipes/recipe.js";
import type { Explained } from "./explain.js";
import type { Listed, ListedParameter } from "./list.js";
import { listedOutliers } from "./listOutliers.js";
import { notSaid, parametersOf } from "./listedParameters.js";

/** Everything that students are trained by. */
export function explainedTraining(): readonly Explained[] {
  return [
    ...listedOutliers().map(explainedSource),
    ...exposures.all.map(explainedExposure),
    ...trainingMethods.all.map(explainedMethod),
    ...recipes.all.map(explainedRecipe),
  ];
}

/** A label and what stands behind it; null: the line is left out. */
type Line = readonly [label: string, text: string | null];

type Parameters = Readonly<Record<string, ListedParameter>>;

function textOf(head: string, lines: readonly Line[], parameters: Parameters): string {
  const facts = lines.flatMap(([label, text]) => (text === null ? [] : [`  ${label.padEnd(12)}${text}`]));
  const settings = Object.entries(parameters).map(
    ([name, { default: usual, description, domain, reason }]) =>
      `  ${name} ${usual === undefined ? "(none)" : `= ${JSON.stringify(usual)}`}: ${description}; ${domain}.` +
      (reason === notSaid ? "" : ` Default: ${reason}.`),
  );
  return `${[head, ...facts, ...settings].join("\n")}\n`;
}

function explainedSource(listed: Listed): Explained {
  const { id, title, formula, source, made, parameters = {} } = listed;
  const { byClass } = outlierSources.find(id);
  const lines: readonly Line[] = [
    ["is", `an outlier source: exposure.outliers: ${id}`],
    ["a picture", formula ?? null],
    ["source", source ?? null],
    ["made", made?.replace(/^made /, "") ?? null],
    ["left out", byClass ? "classes that look the same when they are changed (audit.changed)" : null],
  ];
  return {
    kind: "outlier source",
    names: [id],
    asJson: () => ({ id, title, formula, source, made, byClass, parameters }),
    asText: () => textOf(`${id}: ${title}`, lines, parameters),
  };
}

/** Terms in words, with the settings that weigh them. */
function termsIn(terms: TermDeclarations, section: string): string | null {
  const texts = Object.entries(terms).map(([name, { title, weight }]) => {
    const weighed =
      weight === null
        ? "logged only"
        : `weight ${typeof weight === "string" ? `${section}.${weight}` : weight}`;
    return `${name}, ${title} (${weighed})`;
  });
  return texts.length === 0 ? null : texts.join("; ");
}

/** Heads and detectors in words. */
function keptIn(heads: readonly string[], detectors: readonly string[]): string | null {
  return heads.length === 0 ? null : `${heads.join(", ")}, read by detector ${detectors.join(", ")}`;
}

function namesIn(names: readonly string[]): string | null {
  return names.length === 0 ? null : names.join(", ");
}

function explainedExposure(exposure: Exposure): Explained {
  const { id, title, source, terms, weights, schema, keeps = [], detectors = [] } = exposure;
  const { section = "exposure" } = exposureMethod;
  const needs = exposure.needs?.(schema.parse({})) ?? picturesNeeds;
  const parameters = parametersOf({ section, schema });
  const switches = weights.map((name) => `${section}.${name}`).join(" or ");
  const lines: readonly Line[] = [
    ["is", `a use of outliers in recipes with method ${exposureMethod.id}, while ${switches} is above 0`],
    ["source", source],
    ["needs", namesIn(needs)],
    ["adds", termsIn(terms, section)],
    ["keeps", keptIn(keeps, detectors)],
  ];
  return {
    kind: "exposure",
    names: [id],
    asJson: () => ({ id, title, source, weights, needs, terms, heads: keeps, detectors, parameters }),
    asText: () => textOf(`${id}: ${title}`, lines, parameters),
  };
}

function explainedMethod(method: TrainingMethod): Explained {
  const { id, title, source, terms, outliers = [], schema, section = "student" } = method;
  const needs = method.needs({});
  const [heads, detectors] = [method.heads?.({}) ?? [], method.detectors?.({}) ?? []];
  const parameters = parametersOf({ section, schema });
  const users = recipes.all.filter(({ methods }) => methods.some((each) => each.method === id));
  const lines: readonly Line[] = [
    ["is", "a training method"],
    ["source", source],
    ["in recipes", namesIn(users.map((recipe) => recipe.id))],
    ["needs", namesIn(needs)],
    ["outliers", namesIn(outliers)],
    ["adds", termsIn(terms, section)],
    ["keeps", keptIn(heads, detectors)],
  ];
  return {
    kind: "training method",
    names: [id],
    asJson: () => ({
      id,
      title,
      source,
      recipes: users.map((each) => each.id),
      needs,
      outliers,
      terms,
      heads,
      detectors,
      parameters,
    }),
    asText: () => textOf(`${id}: ${title}`, lines, parameters),
  };
}

function explainedRecipe({ id, title, methods }: Recipe): Explained {
  const parts = methods.map(({ method, weight = 1 }) => (weight === 1 ? method : `${weight} ${method}`));
  const lines: readonly Line[] = [
    ["is", `a recipe for a student: --method ${id}`],
    ["methods", namesIn(parts)],
    ["see", parts.length === 0 ? null : `oal explain ${methods.map(({ method }) => method).join(" ")}`],
  ];
  return {
    kind: "recipe",
    names: [id],
    asJson: () => ({ id, title, methods }),
    asText: () => textOf(`${id}: ${title}`, lines, {}),
  };
}
