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

/** How many colours models have that are no recipe's. */
const colours = 6;
/** The recipe that has the last of these: it trains nothing. */
const last = 0;
/** Recipes from this one on have colours of their own behind these; before it they share them. */
const own = 6;

/** Colour of a model: a recipe's is the same in every report, others have one by their position. */
export function modelColor(model: string, position: number): string {
  const recipe = recipes.ids.indexOf(model);
  if (recipe < 0) return `var(--model-${(position % colours) + 1})`;
  if (recipe === last) return `var(--model-${colours})`;
  return `var(--model-${recipe < own ? recipe : recipe + 1})`;
}

/** Colour of a class by its position; classes beyond ten repeat. */
export function classColor(label: number): string {
  return `var(--class-${(label % 10) + 1})`;
}
