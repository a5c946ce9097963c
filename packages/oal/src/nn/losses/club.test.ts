import { describe, expect, it } from "vitest";
import { type Graph, gather, mul, neg, relu, type Value } from "oal-core";
import { loadManifest } from "../../testing/golden.js";
import type { Context } from "../context.js";
import { checkCase, hyperNumber, type GoldenProgram } from "../../testing/goldenProgram.js";
import { linearLayer } from "../layers/linear.js";
import {
  clubLearningLoss,
  clubNetwork,
  clubSampleValue,
  clubValue,
  deepClubNetwork,
  type ConditionalGaussian,
} from "./club.js";
import { TrainingContext } from "../context.js";

const makeContext = (graph: Graph): TrainingContext => new TrainingContext(graph);

const results = (q: ConditionalGaussian, y: Value, forward: Value): Record<string, Value> => {
  const learning = clubLearningLoss(q, y);
  return { mu: q.mean, logvar: q.logVariance, forward, loglikeli: neg(learning), learning_loss: learning };
};

for (const [folder, network] of [
  ["club", clubNetwork],
  ["deep-club", deepClubNetwork],
] as const) {
  const manifest = loadManifest(folder);
  describe.skipIf(!manifest)(`${folder} golden values`, () => {
    for (const golden of manifest?.cases ?? []) {
      it(golden.id, async () => {
        const missing = await checkCase(golden, makeContext, ({ context, input }) => {
          const y = input("y");
          const q = network(context, input("x"), y.shape[1] ?? 0, hyperNumber(golden, "hidden_size"));
          return results(q, y, clubValue(q, y));
        });
        expect(missing).toEqual([]);
      });
    }
  });
}

const original = loadManifest("club-original");
describe.skipIf(!original)("club-original golden values", () => {
  for (const golden of original?.cases ?? []) {
    if (golden.hyper["label_num"] !== undefined) {
      it.skip(`${golden.id}: not covered, OAL has no categorical CLUB`, () => undefined);
      continue;
    }
    it(golden.id, async () => {
      const missing = await checkCase(golden, makeContext, ({ context, input }) => {
        const y = input("y");
        const q = originalNetwork(
          { context, input },
          golden.hyper["hidden_size"],
          y.shape[1] ?? 0,
          golden.has("p_logvar.0.weight"),
        );
        const permuted = golden.has("permutation") ? gather(y, input("permutation"), 0) : null;
        return results(q, y, permuted ? clubSampleValue(q, y, permuted) : clubValue(q, y));
      });
      expect(missing).toEqual([]);
    });
  }
});

/** The authors' networks: with a variance as ours; without (CLUBMean) the mean has full hidden width, or is one layer. */
function originalNetwork(
  { context, input }: Pick<GoldenProgram<TrainingContext>, "context" | "input">,
  hidden: unknown,
  outputs: number,
  variance: boolean,
): ConditionalGaussian {
  const x = input("x");
  if (variance) return clubNetwork(context, x, outputs, Number(hidden));
  const net: Context = context.child("p_mu");
  const mean =
    hidden === null
      ? linearLayer(net, x, outputs)
      : linearLayer(net.child("2"), relu(linearLayer(net.child("0"), x, Number(hidden))), outputs);
  return { mean, logVariance: mul(mean, 0) };
}
