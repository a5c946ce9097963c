export { catalogue, type ErrorCode, type ErrorDetails } from "./catalogue/index.js";
export { isOalError, OalError, oalError } from "./error.js";
export { printable } from "./printable.js";
export { suggest } from "./suggest.js";
