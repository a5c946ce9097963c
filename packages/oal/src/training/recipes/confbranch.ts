import type { Recipe } from "./recipe.js";

/** A network that learns how sure it is. */
export const confbranch: Recipe = {
  id: "confbranch",
  title: "confidence branch",
  label: "ConfBranch",
  methods: [{ method: "confBranch" }],
};
