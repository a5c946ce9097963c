export { gradients, vectorJacobian } from "./gradient.js";
