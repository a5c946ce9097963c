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
};
