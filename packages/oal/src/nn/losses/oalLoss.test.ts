/** The whole published loss against the published trainer: every term, the total, and the gradients of the total. */
import { describe, expect, it } from "vitest";
import { add, Graph, mul, reduceMean, reshape, type Value } from "oal-core";
import { expectClose, loadManifest, type GoldenCase } from "../../testing/golden.js";
import {
  asInput,
  checkCase,
  hyperNumber,
  runGraph,
  type GoldenProgram,
} from "../../testing/goldenProgram.js";
import { clubNetwork, clubValue, deepClubNetwork } from "./club.js";
import { crossEntropy } from "./crossEntropy.js";
import { featureDistillation, logitDistillation } from "./distillation.js";
import { teacherAdapter } from "./dt.js";
import { energy, energyClassifierLoss } from "./energy.js";
import { TrainingContext } from "../context.js";

const makeContext = (graph: Graph): TrainingContext => new TrainingContext(graph);

const manifest = loadManifest("oal-loss");
describe.skipIf(!manifest)("oal-loss golden values", () => {
  for (const golden of manifest?.cases ?? []) {
    it(golden.id, async () => {
      if (golden.has("pooled")) return checkPooling(golden);
      const missing = await checkCase(golden, makeContext, (program) => publishedLoss(golden, program));
      // The two-class logits inside the energy term are an inner value of energyClassifierLoss.
      expect(missing.filter((name) => !/^term\.energy\d\.logits$/.test(name))).toEqual([]);
    });
  }
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
    values[`term.energy${kind}`] = energyClassifierLoss(
      context.child(`logistic_regression${kind}`),
      inside,
      outside,
    );
  }
  const weighted = golden.tensors.flatMap(({ name, raw }) => {
    const term = values[name];
    return term && typeof raw["weight"] === "number" ? [mul(term, raw["weight"])] : [];
  });
  values["total"] = weighted.reduce((sum, term) => add(sum, term));
  return values;
}

async function checkPooling(golden: GoldenCase): Promise<void> {
  const graph = new Graph();
  const latents = asInput(golden.tensor("latents"));
  const [iterations = 0, batch = 0, , height = 0, width = 0] = latents.shape;
  const means = reduceMean(graph.input("latents", latents), [2]);
  graph.output("pooled", reduceMean(reshape(means, [iterations * batch, height, width]), [1]));
  const { pooled } = await runGraph(graph, { latents });
  const want = golden.entry("pooled");
  if (!pooled) throw new Error("no result");
  expectClose(pooled.data, want);
}
