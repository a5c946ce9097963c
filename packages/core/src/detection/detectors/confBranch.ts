/** The confidence that a head of the network learned. */
import { reshape, sigmoid } from "../../graph/index.js";
import { defineDetector } from "../detector.js";

/**
 * ConfBranch: sigmoid of the head "confidence", in (0, 1).
 *
 * @source DeVries and Taylor 2018, "Learning Confidence for Out-of-Distribution Detection in Neural Networks"
 */
export const confBranch = defineDetector({
  id: "confBranch",
  title: "Learned confidence",
  aliases: ["learnedConfidence"],
  needs: ["heads.confidence"],
  source: "DeVries and Taylor 2018",
  formula: "sigmoid(c)",
  cost: "d; no numbers",
  notes: [
    "Only models that training method confBranch trained have the head.",
    "The paper moves pictures along the gradient of the confidence before it scores them; OpenOOD and this do not.",
    "pytorch-ood has the loss that trains the head, and no detector that reads it.",
  ],
  parameters: {},
  score: (_graph, { "heads.confidence": confidence }) =>
    reshape(sigmoid(confidence), [confidence.dims[0] ?? 1]),
});
