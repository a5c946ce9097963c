import { classifierStepCase } from "../steps/classifierStep.mjs";

export default classifierStepCase({
  title: "residual net 16-32-64 of one block a stage",
  network: "resnetSmall",
  options: { width: 16, blocks: 1 },
  batch: 128,
  goals: { must: 1.05, aim: 1.2 },
});
