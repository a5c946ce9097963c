export { catalogue, type ErrorCode, type ErrorDetails } from "./catalogue/index.js";
export { OalError, oalError } from "./error.js";
export { suggest } from "./suggest.js";
