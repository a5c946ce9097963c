import type { Recipe } from "./recipe.js";

/** The model that students start from, as it is with its head: what a training has to be better than. */
export const head: Recipe = {
  id: "head",
  title: "the model of init.model with its head, nothing else trained",
  label: "Head",
  trains: false,
  methods: [],
};
