/** Family E: evaluation (exit status 6). */
import { entry } from "../entry.js";

export const evaluationErrors = {
  "OAL-E101": entry<{ metric: string; index: number }>({
    title: "a score is not a number",
    exit: 6,
    message: ({ metric, index }) => `${metric}: the score at index ${index} is NaN`,
    remedy: "look at the detector that produced the scores; infinite scores are legal, NaN is not",
  }),
  "OAL-E102": entry<{ metric: string; side: "ID" | "OOD" }>({
    title: "one side of a comparison is empty",
    exit: 6,
    message: ({ metric, side }) => `${metric}: there is no ${side} sample`,
    remedy: "give at least one image on either side",
  }),
};
