// The auto-encoder's step, with the sizes of the preset cifar10-small.
import { autoEncoderTask } from "../../packages/oal/dist/outliers/diffusion/tasks.js";
import { randomSet } from "../steps/classifierStep.mjs";
import { stepContestants, trainingOptions } from "../steps/trainingStep.mjs";

const training = trainingOptions({ id: "adam", beta2: 0.99 }, 2e-3);

function taskOf({ batch, width, klWeight }) {
  const images = randomSet(batch);
  return autoEncoderTask({
    images,
    batchSize: batch,
    width,
    klWeight,
    fullResolution: false,
    flip: false,
    seed: 0,
  });
}

export default {
  title: ({ width, batch }) => `training step, auto-encoder of width ${width}, batch ${batch}`,
  settings: { width: 16, batch: 32, klWeight: 1e-3 },
  short: { batch: 8 },
  goals: { must: 1, aim: 1.2 },
  ...stepContestants(taskOf, training, "auto_encoder_step"),
};
