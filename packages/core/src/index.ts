/** oal-core: the browser-safe half of oal. Imports nothing of Node. */
export * from "./errors/index.js";
export * from "./registry.js";
export * from "./random/index.js";
export * from "./graph/index.js";
export * from "./autodiff/index.js";
export * from "./rewrite/index.js";
export * from "./runtime/index.js";
export * from "./preprocess/index.js";
export { aResizeRule } from "./preprocess/resize.js";
export * from "./pictures/index.js";
export * from "./classifier/index.js";
export * from "./metrics/index.js";
export * from "./detection/index.js";
export * from "./scoring/index.js";
