export { describeValue, expectArguments, kind, kinds, type Kind } from "./arguments.js";
export { catalogue, type ErrorCode, type ErrorDetails } from "./catalogue/index.js";
export { isOalError, OalError, oalError } from "./error.js";
export { printable } from "./printable.js";
export { suggest } from "./suggest.js";
