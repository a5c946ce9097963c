/** The one error class of oal. Throw it by code; the catalogue supplies the words. */
import { catalogue, type ErrorCode, type ErrorDetails } from "./catalogue/index.js";
import type { CatalogueEntry } from "./entry.js";

/**
 * An error with a stable code, typed details, a sentence for people and a remedy.
 *
 * @example throw oalError("OAL-D101", { path: "photos" });
 */
export class OalError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly remedy: string;
  readonly exit: number;

  constructor(
    code: ErrorCode,
    details: Readonly<Record<string, unknown>>,
    message: string,
    remedy: string,
    exit: number,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "OalError";
    this.code = code;
    this.details = details;
    this.remedy = remedy;
    this.exit = exit;
  }
}

/** Makes the error of a code from its details. */
export function oalError<Code extends ErrorCode>(
  code: Code,
  details: ErrorDetails<Code>,
  cause?: unknown,
): OalError {
  const found: CatalogueEntry<ErrorDetails<Code>> = catalogue[code];
  return new OalError(code, { ...details }, found.message(details), found.remedy, found.exit, cause);
}
