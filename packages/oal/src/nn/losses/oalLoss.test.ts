/** The whole published loss against the published trainer: every term, the total, and the gradients of the total. */
import { add, float32Data, float32Tensor, Graph, mul, reduceMean, type Tensor, type Value } from "oal-core";
import { expectClose, type GoldenCase } from "../../testing/golden.js";
import { goldenSuite, unknownKind } from "../../testing/goldenSuite.js";
import { checkCase, hyperNumber, runGraph, type GoldenProgram } from "../../testing/goldenProgram.js";
import { poolLatents } from "../../outliers/pooling.js";
import { clubNetwork, clubValue, deepClubNetwork } from "./club.js";
import { crossEntropy } from "./crossEntropy.js";
import { featureDistillation, logitDistillation } from "./distillation.js";
import { teacherAdapter } from "./dt.js";
import { energy, energyClassifier, logisticEnergyLoss } from "./energy.js";
import { TrainingContext } from "../context.js";

const makeContext = (graph: Graph): TrainingContext => new TrainingContext(graph);

goldenSuite("oal-loss", {
  check: async (golden) => {
    if (golden.has("pooled")) return checkPooling(golden);
    if (golden.hyper["flags"] === undefined) return unknownKind(golden);
    await checkCase(golden, makeContext, (program) => publishedLoss(golden, program));
    for (const k of [1, 2]) if (golden.has(`term.energy${k}`)) await checkLogistic(golden, k);
  },
});

function publishedLoss(
  golden: GoldenCase,
  { context, input }: GoldenProgram<TrainingContext>,
): Record<string, Value> {
  const features = input("student_features");
  const width = features.shape[1] ?? 0;
  const values: Record<string, Value> = {};
  values["term.ce"] = crossEntropy(input("student_logits"), input("labels"));
  if (golden.has("term.logit_kd"))
    values["term.logit_kd"] = logitDistillation(input("student_logits"), input("teacher_logits"));
  if (golden.has("term.feature_kd")) {
    values["term.feature_kd"] = featureDistillation(
      features,
      teacherAdapter(context.child("dt"), input("teacher_features"), width),
    );
  }
  if (golden.has("term.club")) {
    const q = clubNetwork(
      context.child("mi_loss"),
      input("knn_outliers"),
      width,
      hyperNumber(golden, "hidden_size"),
    );
    values["term.club"] = clubValue(q, features);
  }
  if (golden.has("term.deep_club")) {
    const q = deepClubNetwork(
      context.child("mi_loss2"),
      input("latent_outliers"),
      width,
      hyperNumber(golden, "hidden_size"),
    );
    values["term.deep_club"] = clubValue(q, features);
  }
  for (const [kind, outliers] of [
    [1, "knn_outliers"],
    [2, "latent_outliers"],
  ] as const) {
    if (!golden.has(`term.energy${kind}`)) continue;
    const inside = energy(features);
    const outside = energy(teacherAdapter(context.child(`dt${kind}`), input(outliers), width));
    values[`term.energy${kind}.in`] = inside;
    values[`term.energy${kind}.out`] = outside;
    const { logits, loss } = energyClassifier(context.child(`logistic_regression${kind}`), inside, outside);
    values[`term.energy${kind}.logits`] = logits;
    values[`term.energy${kind}`] = loss;
  }
  const weighted = golden.tensors.flatMap(({ name, raw }) => {
    const term = values[name];
    return term && typeof raw["weight"] === "number" ? [mul(term, raw["weight"])] : [];
  });
  values["total"] = weighted.reduce((sum, term) => add(sum, term));
  return values;
}

/**
 * The logistic energy is the published classifier with another name for its parameters: a = w1 - w0, b = b1 - b0; of as many outliers as
 * ID rows its two means are twice the mean over all. a has to be above 0, so that a negative one turns the energies round.
 */
async function checkLogistic(golden: GoldenCase, k: number): Promise<void> {
  const numbers = (name: string): number[] => Array.from(golden.tensor(name).data, Number);
  const [w0 = 0, w1 = 0] = numbers(`logistic_regression${k}.0.weight`);
  const [b0 = 0, b1 = 0] = numbers(`logistic_regression${k}.0.bias`);
  const graph = new Graph();
  const context = makeContext(graph);
  const [inside, outside] = ["in", "out"].map((side) => golden.tensor(`term.energy${k}.${side}`));
  if (!inside || !outside) throw new Error(`case ${golden.id} has no energies`);
  const turned = (name: string, of: Tensor): Value => mul(graph.input(name, of), w1 < w0 ? -1 : 1);
  const loss = logisticEnergyLoss(context, turned("inside", inside), turned("outside", outside));
  graph.output("loss", mul(loss, 0.5));
  const { loss: found } = await runGraph(graph, {
    inside,
    outside,
    scale: float32Tensor([], [Math.log(Math.expm1(Math.abs(w1 - w0)))]),
    bias: float32Tensor([], [b1 - b0]),
  });
  expectClose(found?.data ?? [], golden.entry(`term.energy${k}`));
}

async function checkPooling(golden: GoldenCase): Promise<void> {
  const latents = golden.tensor("latents");
  const [, , channels = 0, height = 0, width = 0] = latents.shape;
  const graph = new Graph();
  graph.output("channel_mean", reduceMean(graph.input("latents", latents), [2]));
  const { channel_mean: means } = await runGraph(graph, { latents });
  expectClose(means?.data ?? [], golden.entry("channel_mean"));
  const pooled = poolLatents(float32Data(latents), [channels, height, width], "channel-row-mean");
  expectClose(pooled.values, golden.entry("pooled"));
}
