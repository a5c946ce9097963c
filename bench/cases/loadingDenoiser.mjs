import { denoiserSettings, denoiserTaskOf, denoiserTraining } from "../steps/diffusionSteps.mjs";
import { loadingCase } from "../steps/loading.mjs";

export default loadingCase({
  title: ({ batch }) => `denoiser, batch ${batch}`,
  settings: denoiserSettings,
  short: { batch: 8 },
  taskOf: (given) => denoiserTaskOf(given, given.pictures),
  training: denoiserTraining,
});
