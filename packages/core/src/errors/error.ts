/** The one error class of oal. Throw it by code; the catalogue supplies the words. */
import { catalogue, type ErrorCode, type ErrorDetails } from "./catalogue/index.js";
import type { CatalogueEntry } from "./entry.js";
import { printableDetails } from "./printable.js";

/**
 * An error with a stable code, typed details, a sentence for people and a remedy. {@link isOalError} tells whether something caught
 * is one, and of which code.
 *
 * @example throw oalError("OAL-D101", { path: "photos" });
 */
export class OalError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;
  /** What the sentence was made from, as data; its keys depend on the code. */
  readonly details: Readonly<ErrorDetails<Code>>;
  readonly remedy: string;
  readonly exit: number;

  constructor(
    code: Code,
    details: Readonly<ErrorDetails<Code>>,
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

/** Makes the error of a code from its details. Names in its sentence are printable (see `printable`); the details stay as they are. */
export function oalError<Code extends ErrorCode>(
  code: Code,
  details: ErrorDetails<Code>,
  cause?: unknown,
): OalError<Code> {
  const found: CatalogueEntry<ErrorDetails<Code>> = catalogue[code];
  return new OalError(
    code,
    { ...details },
    found.message(printableDetails(details)),
    found.remedy,
    found.exit,
    cause,
  );
}

/**
 * Whether something that was caught is an error of oal, and, with a code, of that code: its details then have their types.
 *
 * @example if (isOalError(error, "OAL-D101")) console.log(error.details.path);
 */
export function isOalError(error: unknown): error is OalError;
export function isOalError<Code extends ErrorCode>(error: unknown, code: Code): error is OalError<Code>;
export function isOalError(error: unknown, code?: ErrorCode): boolean {
  return error instanceof OalError && (code === undefined || error.code === code);
}
