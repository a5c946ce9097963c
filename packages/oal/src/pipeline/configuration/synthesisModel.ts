/** What a diffusion model of someone else changes in a configuration: other defaults, and keys that have no effect without it or with it. */
import { modelKeys, pictureKeys, promptedDefaults } from "../../outliers/synthesisOptions.js";
import { valueAt, type Tree } from "./merge.js";
import type { Configuration } from "./schema.js";

/** The layer of defaults that a tree with such a model has, over its preset. */
export function synthesisDefaults(tree: Tree): Tree {
  const model = valueAt(tree, ["synthesis", "model"]);
  return typeof model === "string" ? { synthesis: { ...promptedDefaults } } : {};
}

/** Keys without effect, with what makes them so; false: they have one. */
export function synthesisRules({
  synthesis,
  alignment,
  autoEncoder,
  denoiser,
}: Configuration): (readonly [keys: readonly string[], because: string | false])[] {
  const under = (section: string, keys: readonly string[]): string[] =>
    keys.map((key) => `${section}.${key}`);
  const isOurs = synthesis.model === undefined;
  const trained = [
    ...under("autoEncoder", Object.keys(autoEncoder)),
    ...under("denoiser", Object.keys(denoiser)),
  ];
  if (synthesis.latents !== undefined) {
    const others = Object.keys(synthesis).filter((key) => key !== "latents");
    const unused = [...under("synthesis", others), ...trained, ...under("alignment", Object.keys(alignment))];
    return [[unused, "synthesis.latents, which are not made here"]];
  }
  return [
    [under("synthesis", modelKeys), isOurs && "no synthesis.model"],
    [trained, !isOurs && "synthesis.model, which is not trained"],
    [
      under("alignment", Object.keys(alignment)),
      isOurs ? "no synthesis.model" : !synthesis.align && "synthesis.align: false",
    ],
    [under("synthesis", pictureKeys), synthesis.space === "latent" && "synthesis.space: latent"],
  ];
}
