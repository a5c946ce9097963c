/** The report of a run: every registered section in the page's frame. */
import type { ReportInput } from "./input.js";
import { renderPage } from "./frame.js";
import type { Section } from "./section.js";
import { reportSections } from "./sectionRegistry.js";

/**
 * The whole report as HTML text.
 *
 * @cost a few seconds, nearly all of them the layout of the feature map
 * @example writeFileSync("report.html", await renderReport(input));
 */
export async function renderReport(input: ReportInput): Promise<string> {
  const sections: Section[] = [];
  for (const { render } of reportSections.all) {
    const made = await render(input);
    if (made !== null) sections.push(made);
  }
  const finished = input.environment.finished === undefined ? "" : `, ${input.environment.finished}`;
  return renderPage({
    title: input.title,
    brand: "oal report",
    summary: input.summary,
    warnings: input.warnings ?? [],
    sections,
    footer: `Made by oal${finished}. Per-image scores lie in the run folder; every table here can be made again from them.`,
  });
}
