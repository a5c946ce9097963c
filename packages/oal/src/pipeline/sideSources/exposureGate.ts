/** When outliers count: by the step alone. */
import { exposureOptions } from "../../training/methods/exposure.js";
import { exposureGate } from "../../training/side/outliers.js";
import type { SideSource, StepFacts } from "./source.js";

const gateOf = ({ steps, settings }: StepFacts) => [exposureGate(steps, exposureOptions(settings).start)];

/** "exposureGate" []. */
export const exposureGateSource: SideSource = {
  id: "exposureGate",
  title: "when exposure to outliers begins",
  provides: ["exposureGate"],
  stages: () => [],
  sections: () => ["exposure"],
  open: (request) => Promise.resolve(gateOf(request)),
  outline: gateOf,
};
