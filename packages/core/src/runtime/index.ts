export {
  anEngine,
  runOnce,
  type CarriedTensor,
  type Device,
  type Engine,
  type EngineFacts,
  type SessionOptions,
  type Stepper,
} from "./engine.js";
export { hostStepper } from "./hostStepper.js";
export { joinedStepper } from "./joinedStepper.js";
export type { Session, ValueInfo } from "./session.js";
export { stepperOver, type StateKeeper } from "./stepperOver.js";
