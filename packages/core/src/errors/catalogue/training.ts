/** Family T: training (exit status 5). */
import { entry } from "../entry.js";

export const trainingErrors = {
  "OAL-T101": entry<{ stage: string; step: number; term: string; value: number }>({
    title: "loss or parameter is not finite",
    exit: 5,
    message: ({ stage, step, term, value }) => `${stage}: "${term}" became ${value} at step ${step}`,
    remedy:
      "the last good checkpoint was kept; lower the learning rate or the weight of that term and run again",
  }),
  "OAL-T110": entry<{ method: string; need: string }>({
    title: "a training method lacks its side data",
    exit: 5,
    message: ({ method, need }) =>
      `training method ${method} needs ${need}, which this training does not have`,
    remedy: "give it to the training, or set the weights of the terms that read it to 0",
  }),
  "OAL-T111": entry<{ at: string; problem: string }>({
    title: "a training method's setting cannot be used",
    exit: 2,
    message: ({ at, problem }) => `setting ${at} of the training methods: ${problem}`,
    remedy: "oal config shows every setting with its range; sections bear the configuration's names",
  }),
};
