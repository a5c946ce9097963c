/** Rewrites: graph in, graph out, the same results. */
export { countBlocked, useBlockedLayout } from "./blockedLayout.js";
