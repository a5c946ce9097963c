/** oal-core: the browser-safe half of oal. Imports nothing of Node. */
export * from "./errors/index.js";
export * from "./random/index.js";
