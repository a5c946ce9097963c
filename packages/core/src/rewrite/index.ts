/** Rewrites: graph in, graph out, the same results. */
export { countBlocked, useBlockedLayout } from "./blockedLayout.js";
export {
  joinUpdates,
  type JoinedMember,
  type JoinedStep,
  type JoinedTensor,
  type JoinOptions,
} from "./joinedUpdates.js";
export { useShiftedLogSumExp } from "./shiftedLogSumExp.js";
export { useWideFormulations } from "./wideFormulations.js";
