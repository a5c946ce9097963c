/** Outliers farther off: as the decoded latents at the boundary, of embeddings that were moved away from the pictures they were sampled around. */
import { add, mul, oalError, reduceSum, relu, sub, type Value } from "oal-core";
import { z } from "zod";
import { real } from "../../fields.js";
import { classesInTurn } from "../../data/classesInTurn.js";
import { mapRows, rowLengths, rowsNamed, unitRows } from "../rowGraphs.js";
import { defineMadeSource } from "./made.js";
import { gathered } from "./pick.js";

/**
 * Outlier embeddings farther from their anchors, on the same great circle: with c = ⟨o, a⟩ of unit vectors,
 * o' = unit(max(c, 0) a + f (o − c a)). The tangent of the angle grows f-fold: an embedding that was sampled as a + σε, ε across a,
 * becomes a + fσε. Past a right angle it goes no farther.
 *
 * @param outliers float32 [N, D]
 * @param anchors float32 [N, D]
 */
export function fartherRows(outliers: Value, anchors: Value, factor: number): Value {
  const [o, a] = [unitRows(outliers), unitRows(anchors)];
  const along = reduceSum(mul(o, a), [1], true);
  return unitRows(add(mul(relu(along), a), mul(sub(o, mul(along, a)), factor)));
}

/**
 * Source "latents-far". Row i: the outlier embedding that row i of "latents" would have, classes in turn, moved away from its anchor as
 * {@link fartherRows} says; then sampled and decoded like those.
 *
 * @source none of its own: sampling around boundary embeddings as NPOS (Tao et al. 2023) with a deviation three times as large
 */
export const farLatents = defineMadeSource({
  id: "latents-far",
  version: 1,
  title: "decoded latents of boundary embeddings three times as far off",
  formula:
    "x = decoder(sampler(noise; o')), o' = unit(max(c, 0) a + f (o − c a)), c = ⟨o, a⟩, o sampled around the picture a",
  source: "boundary embeddings of Tao et al. 2023 (NPOS, arXiv 2303.02966) with a deviation f times as large",
  section: "latentsFar",
  about: "outlier pictures of embeddings far from the classes",
  schema: z.strictObject({
    factor: real(
      3,
      1,
      100,
      "how much farther embeddings lie from what they were sampled around, as tangent",
    ).meta({
      reason:
        "the factor of a PyTorch twin of cifar10-small (134 trainings), three times as far off: 27 degrees become 56",
    }),
  }),
  usesBoundary: true,
  refuses: ({ hasAnchors }) =>
    hasAnchors
      ? null
      : "embeddings are moved away from the pictures they were sampled around, and with boundary.outliers or boundary.standIn: gaussian there are none",
  course: async ({ engine, known, boundary, count, seed }, { factor }) => {
    const outliers = await boundary();
    const { dimension } = outliers;
    const chosen = classesInTurn(outliers.labels, count, seed, "synthesis/choice");
    const rowOf = new Map(known.pictures.map((picture, row) => [picture, row]));
    const anchors = Array.from(outliers.anchors, (picture) => rowOf.get(picture) ?? -1);
    const lacking = anchors.filter((row) => row < 0).length;
    if (lacking > 0) throw oalError("OAL-D187", { count: lacking, of: anchors.length });
    const inputs = {
      outliers: { values: outliers.embeddings, width: dimension },
      anchors: { values: gathered(known.embeddings, dimension, anchors), width: dimension },
    };
    const embeddings = await mapRows(engine, inputs, (rows) => {
      const given = rowsNamed(rows, "outliers");
      return mul(fartherRows(given, rowsNamed(rows, "anchors"), factor), rowLengths(given));
    });
    return { conditions: { embeddings, dimension, labels: outliers.labels }, chosen };
  },
});
