/** Known pictures that keep what does not matter to their class, and lose what does. */
import { abs, add, cast, greaterOrEqual, mul, reduceMean, reshape, slice, sub, topK } from "oal-core";
import { z } from "zod";
import { positive, real } from "../../fields.js";
import { classesInTurn } from "../../data/classesInTurn.js";
import type { Steer } from "../samplers/drive.js";
import { defineMadeSource } from "./made.js";
import { labelsOf, latentsOfPictures, ofAnotherClass } from "./pick.js";

/**
 * Guidance of some of a latent's pixels: e = noiseOf(u + M w (c − u)), M = 1 at the `region` of the pixels at which the two predictions
 * differ most, in the mean of the channels' absolute differences, else 0. With u the prediction for the picture's own embedding, what
 * tells it from another class is guided away from, and the rest is denoised as what it was.
 */
export function steerRegion(region: number): Steer {
  return ({ conditional, unconditional, noiseOf }, guidance) => {
    const [rows = 1, , height = 1, width = 1] = conditional.shape;
    const difference = sub(conditional, unconditional);
    const contrast = reshape(reduceMean(abs(difference), [1]), [rows, height * width]);
    const k = Math.max(1, Math.round(region * height * width));
    const least = slice(topK(contrast, k).values, [k - 1], [k], [1]);
    const mask = reshape(cast(greaterOrEqual(contrast, least), "float32"), [rows, 1, height, width]);
    return noiseOf(add(unconditional, mul(mul(difference, mask), guidance)));
  };
}

/**
 * Source "nuisance". Row i: the latent of a training picture, classes in turn, noised as for "sdedit", then denoised with two conditions: its
 * own embedding, and an outlier embedding at the boundary of another class, by {@link steerRegion}. Background and style stay what they
 * were; what the class shows is guided away from it.
 *
 * Differs from SONA: the region is found in every step by how much the two predictions differ, instead of once from a mask of the
 * object; the class is the picture's own embedding, and what it becomes is an outlier embedding instead of a prompt.
 *
 * @source Yoon et al. 2025 (SONA, arXiv 2408.14841), as its abstract and public descriptions tell it; contrast of two predictions as a mask:
 * Couairon et al. 2023 (DiffEdit, arXiv 2210.11427)
 */
export const nuisanceKept = defineMadeSource({
  id: "nuisance",
  version: 1,
  title:
    "known pictures, noised and denoised away from their own class where it shows, and as themselves elsewhere",
  formula:
    "e = e_own + M w (e_o − e_own) from time share · T on; M: the pixels where e_o and e_own differ most, o an outlier embedding of another class",
  source: "Yoon et al. 2025 (SONA, arXiv 2408.14841)",
  section: "nuisance",
  about: "outlier pictures of known ones that keep what does not matter to their class",
  schema: z.strictObject({
    share: real(0.6, 0.01, 1, "share of the noising that a picture goes through; less keeps more of it").meta(
      { reason: "that of sdedit, so that both differ in the guidance alone" },
    ),
    region: real(
      0.5,
      0.01,
      1,
      "share of a latent's pixels that are guided away from the picture's class",
    ).meta({ reason: "not searched; about the share of a picture that its object fills" }),
    weight: positive(3, 100, "weight of that guidance; 1: as the other embedding has it").meta({
      reason:
        "not searched; above 1 the picture is pushed past the other embedding, away from its own class, and far above it falls apart",
    }),
  }),
  usesBoundary: true,
  course: async (request, { share, region, weight }) => {
    const { known, count, seed } = request;
    const outliers = await request.boundary();
    const rows = classesInTurn(known.labels, count, seed, "synthesis/nuisance/picture");
    const others = labelsOf(known, rows);
    const chosen = ofAnotherClass(others, outliers, seed, "synthesis/nuisance/outlier");
    const pictures = Array.from(rows, (row) => known.pictures[row] ?? 0);
    return {
      conditions: outliers,
      chosen,
      others,
      start: { share, latents: await latentsOfPictures(request, pictures) },
      against: { conditions: known, chosen: rows },
      guidance: weight,
      steer: steerRegion(region),
    };
  },
});
