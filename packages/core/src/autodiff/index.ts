export { gradients, vectorJacobian, type GradientRules } from "./gradient.js";
