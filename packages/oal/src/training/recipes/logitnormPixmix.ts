import type { Recipe } from "./recipe.js";

/** Class scores of one length, mixed pictures. */
export const logitnormPixmix: Recipe = {
  id: "logitnorm-pixmix",
  title: "normalised class scores, mixed pictures",
  label: "LogitNorm+PixMix",
  methods: [{ method: "logitNorm" }, { method: "pixMix" }],
};
