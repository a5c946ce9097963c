/** The outliers that oal makes: latents at the boundary of the classes, decoded, with the teacher's logits on them. */
import { defineSource, noOptions } from "./source.js";
import { openStored } from "./stored.js";

/**
 * File with "latents" [M, 4, h, w], "pooled" [M, P], "labels", "sources", "seeds" and "positions" [M] (the noise of a latent is drawn by
 * its seed and position), and, where they were decoded, "teacherLogits" [M, C].
 */
export const latentsFile = "latents.safetensors";

/** Decoded outlier latents. */
export const latentOutliers = defineSource({
  id: "latents",
  title: "decoded latents at the boundary of the classes",
  formula:
    "x = decoder(DDIM(noise; condition = an embedding at the rim of its class, found by k-NN distance))",
  source: "METHOD 3; sampling at the boundary: NPOS, Tao et al. 2023, and DREAM-OOD, Du et al. 2023",
  schema: noOptions,
  hasTeacherLogits: true,
  stages: () => ["latents"],
  open: ({ folders }) => openStored(folders["latents"] ?? "", latentsFile),
});
