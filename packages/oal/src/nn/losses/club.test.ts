import { type Graph, gather, mul, neg, relu, type Value } from "oal-core";
import type { GoldenCase } from "../../testing/golden.js";
import { goldenSuite } from "../../testing/goldenSuite.js";
import type { Context } from "../context.js";
import { checkCase, hyperNumber, type GoldenProgram } from "../../testing/goldenProgram.js";
import { linearLayer } from "../layers/linear.js";
import {
  clubCategoricalLearningLoss,
  clubCategoricalValue,
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
  goldenSuite(folder, {
    check: (golden) =>
      checkCase(golden, makeContext, ({ context, input }) => {
        const y = input("y");
        const q = network(context, input("x"), y.shape[1] ?? 0, hyperNumber(golden, "hidden_size"));
        return results(q, y, clubValue(q, y));
      }),
  });
}

goldenSuite("club-original", {
  check: (golden) =>
    checkCase(golden, makeContext, (program) =>
      golden.hyper["label_num"] === undefined
        ? gaussianEstimators(golden, program)
        : categoricalEstimators(golden, program),
    ),
});

function gaussianEstimators(
  golden: GoldenCase,
  program: GoldenProgram<TrainingContext>,
): Record<string, Value> {
  const y = program.input("y");
  const q = originalNetwork(
    program,
    golden.hyper["hidden_size"],
    y.shape[1] ?? 0,
    golden.has("p_logvar.0.weight"),
  );
  const permuted = golden.has("permutation") ? gather(y, program.input("permutation"), 0) : null;
  return results(q, y, permuted ? clubSampleValue(q, y, permuted) : clubValue(q, y));
}

function categoricalEstimators(
  golden: GoldenCase,
  { context, input }: GoldenProgram<TrainingContext>,
): Record<string, Value> {
  const labels = hyperNumber(golden, "label_num");
  const net: Context = context.child("variational_net");
  const logits = oneOrTwoLayers(net, input("x"), golden.hyper["hidden_size"], labels);
  const learning = clubCategoricalLearningLoss(logits, input("y"));
  return {
    forward: clubCategoricalValue(logits, input("y")),
    loglikeli: neg(learning),
    learning_loss: learning,
  };
}

/** One linear layer where there is no hidden width, else two with ReLU between. */
function oneOrTwoLayers(net: Context, x: Value, hidden: unknown, outputs: number): Value {
  return hidden === null
    ? linearLayer(net, x, outputs)
    : linearLayer(net.child("2"), relu(linearLayer(net.child("0"), x, Number(hidden))), outputs);
}

/** The authors' networks: with a variance as ours; without (CLUBMean) the mean has full hidden width, or is one layer. */
function originalNetwork(
  { context, input }: Pick<GoldenProgram<TrainingContext>, "context" | "input">,
  hidden: unknown,
  outputs: number,
  variance: boolean,
): ConditionalGaussian {
  const x = input("x");
  if (variance) return clubNetwork(context, x, outputs, Number(hidden));
  const mean = oneOrTwoLayers(context.child("p_mu"), x, hidden, outputs);
  return { mean, logVariance: mul(mean, 0) };
}
