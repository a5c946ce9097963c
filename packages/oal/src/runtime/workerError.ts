/** Errors on their way from a worker thread to the one that started it: what was thrown there is thrown again here. */
import { catalogue, OalError, type ErrorCode, type ErrorDetails } from "oal-core";

/** An error as plain data. */
export interface WorkerError {
  readonly kind: "error";
  readonly code: ErrorCode;
  readonly details: Readonly<ErrorDetails<ErrorCode>>;
  readonly message: string;
}

/** The message of what was thrown; OAL-X101 unless it is of the catalogue. */
export function errorMessage(error: unknown): WorkerError {
  const known = error instanceof OalError;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    kind: "error",
    code: known ? error.code : "OAL-X101",
    details: known ? error.details : { problem: message },
    message: known ? error.message : message,
  };
}

/** The error of a message. */
export function errorOf({ code, details, message }: WorkerError): OalError {
  const { remedy, exit } = catalogue[code];
  return new OalError(code, details, message, remedy, exit);
}
