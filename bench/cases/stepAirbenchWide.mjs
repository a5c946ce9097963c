import { classifierStepCase } from "../steps/classifierStep.mjs";

export default classifierStepCase({
  variant: true,
  title: "airbench 64-256-256",
  network: "airbench",
  options: { widths: [64, 256, 256] },
  batch: 512,
  goals: { must: 1.1, aim: 1.2 },
});
