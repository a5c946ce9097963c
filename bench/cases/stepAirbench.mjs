import { classifierStepCase } from "../steps/classifierStep.mjs";

export default classifierStepCase({
  title: "airbench 32-128-128",
  network: "airbench",
  options: { widths: [32, 128, 128] },
  batch: 512,
  goals: { must: 1.15, aim: 1.3 },
});
