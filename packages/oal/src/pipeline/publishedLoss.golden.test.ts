/**
 * What mode official trains by against the published trainer: recipe oal with its methods, their settings as the mode has them, and one
 * configuration key for every switch of the reference. Every term, the total, and every gradient of the total.
 */
import { oneHot, type Graph, type Value } from "oal-core";
import { describe, expect, it } from "vitest";
import { TrainingContext } from "../nn/context.js";
import { loadManifest, type GoldenCase } from "../testing/golden.js";
import { checkCase, type GoldenProgram } from "../testing/goldenProgram.js";
import { weightedSum } from "../training/methods/terms.js";
import { loadConfiguration } from "./configuration/index.js";
import { planRecipe } from "./recipeNeeds.js";

/** Where the methods keep parameters that the published program names otherwise. */
const theirs: Readonly<Record<string, string>> = {
  club: "mi_loss",
  deepClub: "mi_loss2",
  classifier1: "logistic_regression1",
  classifier2: "logistic_regression2",
};

/** A context whose parts have the published names. */
class PublishedContext extends TrainingContext {
  override child(name: string): TrainingContext {
    return name === "energy" ? this : super.child(theirs[name] ?? name);
  }
}

const terms: Readonly<Record<string, string>> = {
  ce: "term.ce",
  logitKd: "term.logit_kd",
  featureKd: "term.feature_kd",
  club: "term.club",
  deepClub: "term.deep_club",
  energyEmb: "term.energy1",
  energyLatent: "term.energy2",
};

/** The switches of the reference as keys of a configuration. */
function settingsOf({ hyper }: GoldenCase): string[] {
  const flags: unknown = hyper["flags"];
  const isOn = (flag: string): boolean =>
    typeof flags === "object" && flags !== null && Reflect.get(flags, flag) === true;
  const off = (flag: string, key: string): string[] => (isOn(flag) ? [] : [`${key}=0`]);
  const energy = isOn("energy_rl") ? ["energy.embWeight=2.5", "energy.latentWeight=2.5"] : [];
  return [
    "mode=official",
    ...off("logits_distill", "kd.logitsWeight"),
    ...off("fea_distill", "kd.featureWeight"),
    ...off("ood_fea_distill", "mi.embWeight"),
    ...off("deep_ood_distill", "mi.latentWeight"),
    ...energy,
    ...(isOn("ood_fea_distill") || isOn("deep_ood_distill")
      ? [`mi.hidden=${String(hyper["hidden_size"])}`]
      : []),
  ];
}

function officialLoss(
  golden: GoldenCase,
  { graph, context, input }: GoldenProgram<TrainingContext>,
): Record<string, Value> {
  const { methods, settings } = planRecipe("oal", loadConfiguration(undefined, { set: settingsOf(golden) }));
  const sides: Readonly<Record<string, string>> = {
    teacherLogits: "teacher_logits",
    teacherFeatures: "teacher_features",
    outlierEmbeddings: "knn_outliers",
    outlierLatents: "latent_outliers",
  };
  const none = (name: string): never => {
    throw new Error(`${name} is not part of the published loss`);
  };
  const logits = input("student_logits");
  const classes = logits.shape[1] ?? 0;
  const built = methods.flatMap(({ method }) =>
    method.build(
      {
        context,
        classes,
        labels: oneHot(input("labels"), classes),
        logits,
        features: input("student_features"),
        side: (name) => input(sides[name] ?? none(name)),
        shown: none,
        outputs: none,
        outputsOf: () => none,
        draws: none,
      },
      settings,
    ),
  );
  const values = built.flatMap(({ name, value }) =>
    terms[name] === undefined ? [] : [[terms[name], value] as const],
  );
  return { ...Object.fromEntries(values), total: weightedSum(built) ?? graph.scalar(0) };
}

const manifest = loadManifest("oal-loss");
const cases = (manifest?.cases ?? []).filter((golden) => golden.hyper["flags"] !== undefined);

describe.skipIf(cases.length === 0)("mode official trains by the published loss", () => {
  for (const golden of cases)
    it(golden.id, async () => {
      await checkCase(
        golden,
        (graph: Graph) => new PublishedContext(graph),
        (program) => {
          const values = officialLoss(golden, program);
          const wanted = Object.values(terms).filter((name) => golden.has(name));
          expect(Object.keys(values).sort()).toEqual([...wanted, "total"].sort());
          return values;
        },
      );
    });
});
