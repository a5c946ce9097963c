/** The report layer: one self-contained HTML page from a run's data. */
export type * from "./input.js";
export { renderReport } from "./page.js";
export { reportSections } from "./sectionRegistry.js";
export { writeReport } from "./write.js";
