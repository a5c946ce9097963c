/** The report layer: one self-contained HTML page from a run's data. */
export type * from "./input.js";
export { renderReport } from "./page.js";
export { writeReport } from "./write.js";
