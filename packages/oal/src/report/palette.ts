/** Colours by meaning, as CSS variables that the style sheet defines for light and dark. */
import { recipes } from "../training/recipes/index.js";
import type { SetGroup } from "./input.js";

/** Colour of a group of sets. */
export const GROUP_COLORS: Readonly<Record<SetGroup | "outlier", string>> = {
  id: "var(--id)",
  "id-validation": "var(--id-validation)",
  near: "var(--near)",
  far: "var(--far)",
  validation: "var(--muted)",
  outlier: "var(--outlier)",
};

/** How many colours models have. */
const colours = 6;

/** Colour of a model: a recipe's is the same in every report, others have one by their position. */
export function modelColor(model: string, position: number): string {
  const recipe = recipes.ids.indexOf(model);
  // the first recipe, which trains nothing, has the last colour
  return `var(--model-${((recipe < 0 ? position : recipe + colours - 1) % colours) + 1})`;
}

/** Colour of a class by its position; classes beyond ten repeat. */
export function classColor(label: number): string {
  return `var(--class-${(label % 10) + 1})`;
}
