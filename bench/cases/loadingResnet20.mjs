import { classifierTaskOf, sgdTraining } from "../steps/classifierStep.mjs";
import { loadingCase } from "../steps/loading.mjs";

const augmentation = { flip: "random", crop: { padding: 4, mode: "zero" } };

export default loadingCase({
  variant: true,
  title: ({ batch }) => `ResNet-20, batch ${batch}`,
  settings: { network: "resnetSmall", options: { width: 16, blocks: 3 }, batch: 128 },
  short: { batch: 32 },
  taskOf: (given, images) => classifierTaskOf(given, { augmentation }, [], images),
  training: sgdTraining,
});
