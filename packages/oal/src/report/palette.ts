/** Colours by meaning, as CSS variables that the style sheet defines for light and dark. */
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

const MODEL_COLORS: Readonly<Record<string, string>> = {
  ce: "var(--model-1)",
  kd: "var(--model-2)",
  oal: "var(--model-3)",
};

/** Colour of a model: fixed for the three methods of the paper, by position for others. */
export function modelColor(model: string, position: number): string {
  return MODEL_COLORS[model] ?? `var(--model-${(position % 6) + 1})`;
}

/** Colour of a class by its position; classes beyond ten repeat. */
export function classColor(label: number): string {
  return `var(--class-${(label % 10) + 1})`;
}
