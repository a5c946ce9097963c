import { denoiserSettings, denoiserTaskOf, denoiserTraining } from "../steps/diffusionSteps.mjs";
import { stepContestants } from "../steps/trainingStep.mjs";

export default {
  title: ({ channels, batch }) => `training step, denoiser of ${channels} channels, batch ${batch}`,
  settings: denoiserSettings,
  short: { batch: 8 },
  goals: { must: 1, aim: 1.2 },
  ...stepContestants((given) => denoiserTaskOf(given, given.batch), denoiserTraining, "denoiser_step"),
};
