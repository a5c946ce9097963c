/** `oal/report`: the page of a run, its sections, and what a section is made of. */
export type * from "./report/input.js";
export { html, Markup, type Content } from "./report/markup.js";
export { renderReport } from "./report/page.js";
export { section, table, type Section } from "./report/section.js";
export { defineReportSection, reportSections, type ReportSection } from "./report/sectionRegistry.js";
