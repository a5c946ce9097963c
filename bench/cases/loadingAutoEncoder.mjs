import { autoEncoderSettings, autoEncoderTaskOf, autoEncoderTraining } from "../steps/diffusionSteps.mjs";
import { loadingCase } from "../steps/loading.mjs";

export default loadingCase({
  variant: true,
  title: ({ batch }) => `auto-encoder, batch ${batch}`,
  settings: autoEncoderSettings,
  short: { batch: 8 },
  taskOf: autoEncoderTaskOf,
  training: autoEncoderTraining,
});
