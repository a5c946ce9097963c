import { classifierTaskOf, sgdTraining } from "../steps/classifierStep.mjs";
import { loadingCase } from "../steps/loading.mjs";

const augmentation = { flip: "alternating", crop: { padding: 2, mode: "reflect" } };

export default loadingCase({
  title: ({ batch }) => `airbench 32-128-128, batch ${batch}`,
  settings: { network: "airbench", options: { widths: [32, 128, 128] }, batch: 512 },
  short: { batch: 32 },
  taskOf: (given, images) => classifierTaskOf(given, { augmentation }, [], images),
  training: sgdTraining,
});
