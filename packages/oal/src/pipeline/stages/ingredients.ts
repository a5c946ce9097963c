/** What a student was made from, with licence and origin, as its model file tells. */
import { basename } from "node:path";
import type { Ingredient } from "../../bundle/index.js";
import type { LoadedModel } from "../../models/load.js";
import { outlierPicturesId } from "../../outliers/sources/folder.js";
import { nameOf } from "../../models/modelName.js";
import { isSynthesis } from "../../outliers/sources/made.js";
import type { Configuration } from "../configuration/schema.js";
import { realOutliersOf } from "../recipeNeeds.js";
import type { StageJob } from "../plan/stage.js";

const embedded: Ingredient = {
  role: "data",
  name: "embedded digits",
  licence: "drawn by oal (MIT); outlines of the glyphs: SIL Open Font License 1.1 and Apache License 2.0",
  origin: "assets/glyphs of the package oal",
};

/** What a user's pictures are called, and under which licence they are. A path would tell whoever gets the model about its maker's disk. */
export function picturesNamed({ data }: Configuration): Pick<Ingredient, "name" | "licence"> {
  if (data.source === "embedded") return embedded;
  const path = data.id?.list ?? data.id?.path ?? data.source;
  return { name: basename(path === "." ? data.source : path), licence: data.licence ?? "not stated" };
}

/** Data, and what the student's training read beside them. */
export function ingredientsOf({
  config,
  data,
  input,
  models,
}: Pick<StageJob, "config" | "data" | "input" | "models">): Ingredient[] {
  const { teacher } = config;
  const pictures: Ingredient =
    config.data.source === "embedded"
      ? embedded
      : {
          role: "data",
          ...picturesNamed(config),
          origin: `decoded pixels, SHA-256 ${data.train.set.contentHash}`,
        };
  const read = Object.keys(input("student").manifest.inputs);
  const foreign = (role: Ingredient["role"], model: LoadedModel): Ingredient[] => {
    const { hash, path, ingredients } = model;
    const name = nameOf(path);
    const own: Ingredient = { role, name, licence: "none stated", origin: `a model file, SHA-256 ${hash}` };
    // a model of oal tells itself what it was made from
    return model.kind === "foreign" ? [own] : [own, ...ingredients];
  };
  const made = { licence: `that of the data (${pictures.licence})`, origin: "trained by the same run" };
  return [
    pictures,
    ...(models.init && read.includes("init") ? foreign("start weights", models.init) : []),
    ...(read.some((role) => role === "teacher" || role === "embeddings" || isSynthesis(role))
      ? models.teacher
        ? foreign("teacher", models.teacher)
        : [{ role: "teacher" as const, name: teacher.network, ...made }]
      : []),
    ...(read.includes(outlierPicturesId) && data.outliers
      ? [
          {
            role: "outliers" as const,
            name: basename(realOutliersOf(config)?.path ?? ""),
            licence: "not stated",
            origin: `decoded pixels, SHA-256 ${data.outliers.set.contentHash}`,
          },
        ]
      : []),
    ...(read.some(isSynthesis)
      ? [
          models.diffusion
            ? {
                role: "diffusion model" as const,
                name: nameOf(models.diffusion.path),
                licence: "none stated",
                origin: `a model folder, SHA-256 ${models.diffusion.hash}`,
              }
            : { role: "diffusion model" as const, name: "auto-encoder and denoiser", ...made },
        ]
      : []),
  ];
}
