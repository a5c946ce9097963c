/** Known conditions whose sampling is pulled to where the teacher knows least. */
import {
  add,
  div,
  gradients,
  logSumExp,
  mul,
  reduceSum,
  reshape,
  slice,
  sqrt,
  sub,
  float32Tensor,
  linear,
  topK,
  Graph,
  type Value,
} from "oal-core";
import { z } from "zod";
import { real, whole } from "../../fields.js";
import { classesInTurn } from "../../data/classesInTurn.js";
import { buildClassifier, type ClassifierModel } from "../../training/model.js";
import { normaliseRows } from "../boundary/distances.js";
import { rowLengths, unitRows } from "../rowGraphs.js";
import { classifierFree, type Steer } from "../samplers/drive.js";
import { decodedBy, teacherOnDecoded } from "../teacherGraphs.js";
import { defineMadeSource } from "./made.js";

const schema = z.strictObject({
  energy: real(
    0.1,
    0,
    100,
    "pull towards a low log-partition of the teacher's logits, as a share of the noise's length",
  ).meta({
    reason:
      "measured in docs/outliers.md: the teacher is less sure than without, and from 0.3 on steps overshoot and it is surer again",
  }),
  distance: real(
    0.1,
    0,
    100,
    "pull away from the teacher's features of known pictures, as a share of the noise's length",
  ).meta({
    reason:
      "as much as the other pull: it alone leaves what the logits are sure of and no known picture is near",
  }),
  neighbour: whole(5, 1, 10_000, "which nearest known feature the distance is to").meta({
    reason: "more than one, so that a single odd picture does not decide; few, so that the pull stays local",
  }),
});

/** What steering needs beside the predictions. */
export interface Guide {
  readonly teacher: ClassifierModel;
  /** Unscaled latents to pictures in about [-1, 1]. */
  readonly decoder: Graph;
  readonly latentScale: number;
  /** The teacher's features of known pictures, unit rows, [B, F]; read where `distance` is above 0. */
  readonly known: Float32Array;
  readonly options: z.output<typeof schema>;
}

/**
 * Steers towards what is unknown. With e the guided prediction of the noise, x̂ = (x − √(1−ᾱ) e)/√ᾱ the clean estimate, p = decoder(x̂):
 *
 *   e' = e + √(1−ᾱ) |e| (energy · unit(∇ logsumexp f(p)) + distance · unit(∇ s_k(p)))
 *
 * gradients by x̂, f the teacher's logits, s_k the cosine between its feature of p and the k-th nearest known one.
 */
export function steerToUnknown(guide: Guide): Steer {
  const { teacher, decoder, latentScale, known, options } = guide;
  return (inputs, guidance) => {
    const noise = classifierFree(inputs, guidance);
    const spread = sqrt(sub(1, inputs.level));
    const estimate = div(sub(inputs.latent, mul(spread, noise)), sqrt(inputs.level));
    const pictures = decodedBy(mul(estimate, 1 / latentScale), decoder);
    const { logits, features } = teacherOnDecoded(pictures, teacher, "guided");
    const pulls = [
      { weight: options.energy, score: () => reduceSum(logSumExp(logits, [1]), [0]) },
      { weight: options.distance, score: () => reduceSum(nearness(features, known, options.neighbour), [0]) },
    ];
    const shape = noise.shape;
    const rows = shape[0] ?? 1;
    const flat = (value: Value): Value => reshape(value, [rows, -1]);
    let pull: Value | undefined;
    for (const { weight, score } of pulls) {
      if (weight === 0) continue;
      const [gradient = estimate] = gradients(score(), [estimate]);
      const own = mul(unitRows(flat(gradient)), weight);
      pull = pull ? add(pull, own) : own;
    }
    if (!pull) return noise;
    return add(noise, mul(spread, reshape(mul(pull, rowLengths(flat(noise))), shape)));
  };
}

/** Cosine to the k-th nearest known feature, float32 [N]. */
function nearness(features: Value, known: Float32Array, neighbour: number): Value {
  const width = features.size(1);
  const count = known.length / width;
  const bank = features.graph.constant(float32Tensor([count, width], known));
  const k = Math.min(neighbour, count);
  const { values } = topK(linear(unitRows(features), bank), k);
  return reshape(slice(values, [k - 1], [k], [1]), [features.size(0)]);
}

/**
 * Source "guided". Row i: a training picture's embedding, classes in turn, conditions the model as it would for a picture of that class, and
 * every step is steered as {@link steerToUnknown} says.
 *
 * Differs from GOOD: gradients are taken at the predicted clean latent, not through the denoiser, and brought to a length, so that one
 * weight fits every teacher; each step is steered once, without recurrence or smoothing over noise; the condition is an embedding
 * instead of a prompt. The paper's score of both parts is a detector and none of this.
 *
 * @source Gao et al. 2025 (GOOD, arXiv 2510.17131), as its abstract and public descriptions tell it
 */
export const guidedToUnknown = defineMadeSource({
  id: "guided",
  version: 1,
  title: "decoded latents of known embeddings, whose sampling is pulled to where the teacher knows least",
  formula:
    "e' = e + √(1−ᾱ)|e| (w_E unit(∇ logsumexp f(p)) + w_D unit(∇ s_k(p))), p = decoder(x̂), by x̂ the clean estimate",
  source: "Gao et al. 2025 (GOOD, arXiv 2510.17131)",
  section: "guided",
  about: "outlier pictures whose sampling is pulled to where the teacher knows least",
  schema,
  refuses: ({ model }) =>
    model === "given"
      ? "every step needs gradients through the decoder, and through that of synthesis.model they take minutes and gigabytes a picture"
      : null,
  course: async ({ model, teacher, known, features, count, seed }, options) => {
    const own = await features();
    const width = own.length / Math.max(1, known.labels.length);
    const guide = {
      teacher,
      decoder: await model.decoderGraph(),
      latentScale: model.latentScale,
      known: normaliseRows(own, width).unit,
      options,
    };
    return {
      conditions: known,
      chosen: classesInTurn(known.labels, count, seed, "synthesis/guided"),
      steer: steerToUnknown(guide),
    };
  },
  outline: ({ teacher, decoder, shape, known }, options) => {
    const graph = new Graph();
    const float = (of: readonly number[]) => ({ dtype: "float32", shape: of }) as const;
    const input = (name: string): Value => graph.input(name, float(shape));
    const { features } = buildClassifier(teacher, 1).taps;
    const steer = steerToUnknown({
      teacher,
      decoder,
      latentScale: 1,
      known: new Float32Array(known * (features?.size(1) ?? 1)),
      options,
    });
    const predictions = { conditional: input("conditional"), unconditional: input("unconditional") };
    const level = graph.input("level", float([]));
    graph.output("noise", steer({ latent: input("latent"), ...predictions, level, noiseOf: (v) => v }, 2));
    return graph;
  },
});
