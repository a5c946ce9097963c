/** The outliers that oal makes: latents at the boundary of the classes, decoded, with the teacher's logits on them. */
import { join } from "node:path";
import { float32Data, oalError } from "oal-core";
import { openImageSet } from "../../data/cachedSet.js";
import { readSafetensors } from "../../nn/safetensors.js";
import { defineSource, noOptions } from "./source.js";

/**
 * File with "latents" [M, 4, h, w], "pooled" [M, P], "labels", "sources", "seeds" and "positions" [M] (the noise of a latent is drawn by
 * its seed and position), and, where they were decoded, "teacherLogits" [M, C].
 */
export const latentsFile = "latents.safetensors";
/** Decoded outliers as an image set, in the same order; absent where none were decoded. */
export const decodedFolder = "images";

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
  open: async ({ folders }) => {
    const folder = folders["latents"] ?? "";
    const images = openImageSet(join(folder, decodedFolder));
    const { tensors } = await readSafetensors(join(folder, latentsFile), ["teacherLogits"]);
    const logits = tensors.get("teacherLogits");
    if (!logits) throw oalError("OAL-I111", { name: "teacherLogits", problem: "missing" });
    return {
      count: images.count,
      pictures: (rows) => images.read(rows),
      teacherLogits: float32Data(logits, "teacherLogits"),
      close: () => images.close(),
    };
  },
});
