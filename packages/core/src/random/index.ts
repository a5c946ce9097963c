export { philox4x32, philoxFill } from "./philox.js";
export { Random } from "./random.js";
