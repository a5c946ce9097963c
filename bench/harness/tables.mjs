// Results as tables: rows of cells, for a terminal and for a page.
import { kindOf } from "./cases.mjs";

/** A time of few digits. */
function number(value) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const digits =
    Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 0.1 ? 2 : undefined;
  return digits === undefined ? value.toPrecision(2) : value.toFixed(digits);
}

/** The contestants of one case: minimum (median), peak memory. */
export function contestantRows({ contestants, unit, title }) {
  return Object.entries(contestants).map(([name, each], i) => [
    i === 0 ? title : "",
    name,
    `${number(each.minimum)} (${number(each.median)})`,
    i === 0 ? unit : "",
    each.peakMB === null ? "–" : String(each.peakMB),
  ]);
}

/** What a ratio is called. */
export const ratioName = ({ of, over, called }) => called ?? `${of} : ${over}`;

/** The ratios of one case, by minima and medians; the memory of the second by that of the first. */
export function ratioRows({ ratios, title, goals }) {
  return ratios.map((ratio, i) => [
    i === 0 ? title : "",
    ratioName(ratio),
    number(ratio.minimum),
    number(ratio.median),
    ratio.memory === undefined ? "–" : number(ratio.memory),
    i === 0 ? goalText(goals) : "",
  ]);
}

function goalText(goals) {
  if (!goals) return "–";
  const sign = goals.atMost ? "< " : "";
  return [goals.must, goals.aim].map((goal) => (goal === undefined ? "–" : `${sign}${goal}`)).join(" / ");
}

export const contestantHead = ["case", "contestant", "minimum (median)", "unit", "peak memory, MB"];
export const ratioHead = ["case", "ratio", "minima", "medians", "memory", "must / aim"];

/** A table for a terminal: columns as wide as their cells. */
export function plainTable(head, rows) {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i].length)));
  const line = (row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

/** A table for a page. */
export function markdownTable(head, rows) {
  const line = (row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Where and with what results were measured, in one paragraph. */
export function circumstances({ date, hardware, threads, pause, versions, commit, device }) {
  const { cpu, cores, vector, memoryGB, system } = hardware;
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${date.slice(0, 10)}: ${cpu}, ${cores} cores (${vector}), ${memoryGB} GB, ${system}; ${software.join(", ")}; commit ${commit ?? "unknown"}; ${threads} threads${device === "cpu" ? "" : `, device ${device}`}, a pause of ${pause} ms before every timed step.`;
}

/** The body of docs/benchmarks.md: sections by kind of case. */
export function markdown(results) {
  const parts = [circumstances(results)];
  if (results.short)
    parts.push("A short run: sizes are small, and the figures say only that every case runs.");
  for (const title of new Set(results.cases.map(({ name }) => kindOf(name)[1]))) {
    const cases = results.cases.filter(({ name }) => kindOf(name)[1] === title);
    parts.push(`### ${title}`);
    parts.push(markdownTable(contestantHead, cases.flatMap(contestantRows)));
    const rows = cases.flatMap(ratioRows);
    if (rows.length > 0) parts.push(markdownTable(ratioHead, rows));
    const notes = [...new Set(cases.flatMap(({ notes: own }) => own))];
    parts.push(...notes);
  }
  return parts.join("\n\n");
}
