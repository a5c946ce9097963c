import { residualInferenceCase } from "../steps/inference.mjs";

export default residualInferenceCase({ variant: true, batch: 64, runs: 1, goals: { must: 1.23, aim: 1.3 } });
