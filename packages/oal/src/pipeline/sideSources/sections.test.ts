/** A source of side data is opened with the sections it reads, in recipes that lack the method whose section it is. */
import { expect, it } from "vitest";
import { loadConfiguration } from "../configuration/index.js";
import { planRecipe } from "../recipeNeeds.js";
import { sideSources } from "./index.js";

it("reads how outlier embeddings are drawn, in a recipe without mutual information", () => {
  const plan = (...set: string[]) => planRecipe("fx", loadConfiguration("embedded", { set }));
  const around = plan("mi.pairing=instance");
  expect(around.stages).toEqual(["embeddings"]);
  expect(around.sourceSettings).toMatchObject({ mi: { pairing: "instance" }, boundary: { scale: 1 } });
  expect(plan("mi.pairing=random").sourceSettings).toMatchObject({ mi: { pairing: "random" } });
  // as usual nothing more is part of the student's key
  expect(Object.keys(plan().sourceSettings).sort()).toEqual(["featureExposure", "training"]);
});

it.each([
  ["outliers", "exposure"],
  ["exposureGate", "exposure"],
  ["teacher", "kd"],
])("%s is opened with section %s", (id, section) => {
  expect(sideSources.find(id).sections?.(loadConfiguration("embedded"))).toContain(section);
});

it("outlier latents are opened with what says how they are pooled", () => {
  const sections = (...set: string[]) =>
    sideSources.find("outlierLatents").sections?.(loadConfiguration("embedded", { set }));
  expect(sections("mi.latentPooling=channel-row-mean")).toEqual(["mi"]);
  expect(sections()).toEqual([]);
});
