/** The one catalogue: stable code -> title, sentence, remedy, exit status. Codes are never reused. */
import type { CatalogueEntry } from "../entry.js";
import { bugErrors } from "./bug.js";
import { configurationErrors } from "./configuration.js";
import { dataErrors } from "./data.js";
import { evaluationErrors } from "./evaluation.js";
import { graphErrors } from "./graph.js";
import { integrityErrors } from "./integrity.js";
import { modelErrors } from "./models.js";
import { runtimeErrors } from "./runtime.js";
import { trainingErrors } from "./training.js";

const entries = {
  ...configurationErrors,
  ...dataErrors,
  ...graphErrors,
  ...runtimeErrors,
  ...trainingErrors,
  ...evaluationErrors,
  ...integrityErrors,
  ...modelErrors,
  ...bugErrors,
};

/** A stable error code, such as "OAL-D101". */
export type ErrorCode = keyof typeof entries;

type DetailsByCode = { [Code in ErrorCode]: Parameters<(typeof entries)[Code]["message"]>[0] };

/** The details an error of this code carries. */
export type ErrorDetails<Code extends ErrorCode> = DetailsByCode[Code];

/** Every kind of error oal can report, by code. */
export const catalogue: { readonly [Code in ErrorCode]: CatalogueEntry<DetailsByCode[Code]> } = entries;
