import type { Recipe } from "./recipe.js";

/** Class scores as likeness divided by confidence. */
export const godin: Recipe = {
  id: "godin",
  title: "likeness divided by confidence",
  label: "G-ODIN",
  methods: [{ method: "gOdin" }],
};
