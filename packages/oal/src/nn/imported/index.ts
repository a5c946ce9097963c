/** Networks that were read from a file. */
export {
  importedNetwork,
  cutAt,
  type HeadTensors,
  type ImportedNetwork,
  type ImportedParts,
  type ImportPlan,
} from "./network.js";
export type { Anatomy } from "./anatomy.js";
