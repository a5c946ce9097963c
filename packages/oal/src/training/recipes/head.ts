import type { Recipe } from "./recipe.js";

/** What students start from, as it is: a model with its head, or a warm start. What a training has to be better than. */
export const head: Recipe = {
  id: "head",
  title: "what students start from (init.model with its head, or the warm start), nothing else trained",
  label: "Start",
  trains: false,
  methods: [],
};
