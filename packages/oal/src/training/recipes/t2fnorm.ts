import type { Recipe } from "./recipe.js";

/** Cross-entropy on features of one length. */
export const t2fnorm: Recipe = {
  id: "t2fnorm",
  title: "features normalised in training",
  label: "T2FNorm",
  methods: [{ method: "t2fNorm" }],
};
