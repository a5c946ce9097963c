/** Rewrites: graph in, graph out, the same results. */
export { countRewritten, useBlockedConvolutions } from "./blockedConvolution.js";
