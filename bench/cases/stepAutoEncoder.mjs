import { randomSet } from "../steps/classifierStep.mjs";
import { autoEncoderSettings, autoEncoderTaskOf, autoEncoderTraining } from "../steps/diffusionSteps.mjs";
import { stepContestants } from "../steps/trainingStep.mjs";

export default {
  title: ({ width, batch }) => `training step, auto-encoder of width ${width}, batch ${batch}`,
  settings: autoEncoderSettings,
  short: { batch: 8 },
  goals: { must: 1, aim: 1.2 },
  ...stepContestants(
    (given) => autoEncoderTaskOf(given, randomSet(given.batch)),
    autoEncoderTraining,
    "auto_encoder_step",
  ),
};
