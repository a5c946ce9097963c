/** Known pictures that are half forgotten and remembered as something else: noised, and denoised with an outlier as the condition. */
import { z } from "zod";
import { real } from "../../fields.js";
import { classesInTurn } from "../../data/classesInTurn.js";
import { defineMadeSource } from "./made.js";
import { labelsOf, latentsOfPictures, ofAnotherClass } from "./pick.js";

/**
 * Source "sdedit". Row i: the latent z of a training picture, classes in turn, noised to x = √ᾱ z + √(1−ᾱ) e at the time `share` of the
 * schedule, then denoised from there with an outlier embedding at the boundary of another class as the condition: its layout and
 * colours stay, and what it shows does not.
 *
 * Differs from SDEdit: there pictures are noised in pixels and made anew by the reverse stochastic equation; here in latents, by the
 * configured sampler (with DDIM and eta 1 it is that equation, discretised).
 *
 * @source Meng et al. 2022 (SDEdit, arXiv 2108.01073), algorithm 1
 */
export const editedPictures = defineMadeSource({
  id: "sdedit",
  version: 1,
  title: "known pictures, noised and denoised as a boundary outlier of another class",
  formula:
    "x = decoder(sampler(√ᾱ z + √(1−ᾱ) e; o)) from time share · T on, z of a known picture, o an outlier embedding of another class",
  source: "Meng et al. 2022 (SDEdit, arXiv 2108.01073), in the latents of a conditioned model",
  section: "sdedit",
  about: "outlier pictures of known ones that are denoised as something else",
  schema: z.strictObject({
    share: real(0.6, 0.01, 1, "share of the noising that a picture goes through; less keeps more of it").meta(
      {
        reason:
          "the share of a PyTorch twin of cifar10-small (134 trainings), in which it did no better than latents; the paper finds 0.3 to 0.6 to balance what stays and what looks real",
      },
    ),
  }),
  usesBoundary: true,
  course: async (request, { share }) => {
    const { known, count, seed } = request;
    const outliers = await request.boundary();
    const rows = classesInTurn(known.labels, count, seed, "synthesis/sdedit/picture");
    const others = labelsOf(known, rows);
    const chosen = ofAnotherClass(others, outliers, seed, "synthesis/sdedit/outlier");
    const pictures = Array.from(rows, (row) => known.pictures[row] ?? 0);
    return {
      conditions: outliers,
      chosen,
      others,
      start: { share, latents: await latentsOfPictures(request, pictures) },
    };
  },
});
