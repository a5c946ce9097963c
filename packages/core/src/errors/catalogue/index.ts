/** The one catalogue: stable code -> title, sentence, remedy, exit status. Codes are never reused. */
import { bugErrors } from "./bug.js";
import { configurationErrors } from "./configuration.js";
import { dataErrors } from "./data.js";
import { evaluationErrors } from "./evaluation.js";
import { graphErrors } from "./graph.js";
import { integrityErrors } from "./integrity.js";
import { runtimeErrors } from "./runtime.js";
import { trainingErrors } from "./training.js";

export const catalogue = {
  ...configurationErrors,
  ...dataErrors,
  ...graphErrors,
  ...runtimeErrors,
  ...trainingErrors,
  ...evaluationErrors,
  ...integrityErrors,
  ...bugErrors,
};

/** A stable error code, such as "OAL-D101". */
export type ErrorCode = keyof typeof catalogue;

/** The details an error of this code carries. */
export type ErrorDetails<Code extends ErrorCode> = Parameters<(typeof catalogue)[Code]["message"]>[0];
