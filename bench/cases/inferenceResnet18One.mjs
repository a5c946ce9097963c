import { residualInferenceCase } from "../steps/inference.mjs";

export default residualInferenceCase({ batch: 1, runs: 10, goals: { must: 2.06, aim: 2.1 } });
