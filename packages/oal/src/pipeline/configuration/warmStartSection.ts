/** Section `warmStart`: cross-entropy before anything else, behind the weights that every student starts from. */
import { z } from "zod";
import { positive, real } from "../../fields.js";

/** Section `warmStart`. Everything else of its training is as section `student` says. */
export const warmStartSchema = z.strictObject({
  epochs: real(
    0,
    0,
    10_000,
    "epochs of cross-entropy after which every student starts; 0: students start from random weights",
  ),
  learningRate: positive(0.1, 100, "highest learning rate there"),
  minFactor: real(
    1e-5,
    0,
    1,
    "learning rate at its end, as a factor of the highest, where the schedule has one",
  ),
});
