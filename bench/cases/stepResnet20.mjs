import { classifierStepCase } from "../steps/classifierStep.mjs";

export default classifierStepCase({
  variant: true,
  title: "ResNet-20",
  network: "resnetSmall",
  options: { width: 16, blocks: 3 },
  batch: 128,
  goals: { must: 0.9, aim: 1.1 },
});
