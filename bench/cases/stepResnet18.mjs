import { classifierStepCase } from "../steps/classifierStep.mjs";

export default classifierStepCase({
  variant: true,
  title: "ResNet-18 (32x32)",
  network: "resnet18_32x32",
  options: {},
  batch: 128,
  goals: { must: 1.1, aim: 1.2 },
});
