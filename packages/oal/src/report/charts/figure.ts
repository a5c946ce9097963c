/**
 * The one door to Observable Plot: renders a chart to static SVG text that scales, takes its colours from CSS variables and needs
 * no script. Plot draws through linkedom, which cannot measure text, so every chart states its size and margins itself.
 */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { escapeText, html, Markup, type Content } from "../markup.js";

const { document } = parseHTML("<!doctype html><html><body></body></html>");

/** Options of Plot without those that this module sets. */
export type ChartOptions = Omit<Plot.PlotOptions, "document" | "className" | "style" | "ariaLabel"> & {
  readonly width: number;
  readonly height: number;
};

/**
 * One chart as inline SVG.
 *
 * @param label  what a screen reader says in place of the picture
 * @param options  Plot's options; width and height in pixels of the drawing, which the page scales to its column
 * @returns the `svg` element with coordinates rounded to 0.1 pixel
 */
export function chart(label: string, options: ChartOptions): Markup {
  const drawn: { readonly outerHTML: string } = Plot.plot({ ...options, document, className: "chart" });
  return new Markup(compact(drawn.outerHTML, label));
}

const COORDINATES = / (d|transform|cx|cy|x|y|x1|x2|y1|y2|width|height)="([^"]*)"/g;

function compact(svg: string, label: string): string {
  const round = (number: string): string => String(Math.round(Number(number) * 10) / 10);
  return svg
    .replace(/<style>[\s\S]*?<\/style>/g, "")
    .replace(/ aria-(label|description|hidden)="[^"]*"/g, "")
    .replace(COORDINATES, (_found, name: string, value: string) => {
      return ` ${name}="${value.replace(/-?\d+\.\d{2,}/g, round)}"`;
    })
    .replace("<svg ", () => `<svg role="img" aria-label="${escapeText(label)}" `);
}

/** A chart with its caption, for the grids of small charts. */
export function figure(title: Content, picture: Markup, note?: Content): Markup {
  const small = note === undefined ? null : html` <span class="note">${note}</span>`;
  return html`<figure class="chart-box">
    <figcaption>${title}${small}</figcaption>
    ${picture}
  </figure>`;
}

/** One entry of a legend: a colour (CSS), a text and the shape of the mark. */
export interface LegendEntry {
  readonly color: string;
  readonly text: string;
  readonly shape?: "area" | "line" | "dash" | "dot" | "cross" | undefined;
}

/** A legend in HTML, so that its text keeps its size on a phone. */
export function legend(entries: readonly LegendEntry[]): Markup {
  const items = entries.map(
    (entry) =>
      html`<li>
        <span class="key key-${entry.shape ?? "area"}" style="--key:${entry.color}"></span>${entry.text}
      </li>`,
  );
  return html`<ul class="legend">
    ${items}
  </ul>`;
}

/** Room in pixels for labels of a text axis, from an estimate of the text width at 11 px. */
export function labelRoom(labels: readonly string[], least = 30, most = 150): number {
  const longest = labels.reduce((length, label) => Math.max(length, label.length), 0);
  return Math.min(most, Math.max(least, Math.round(longest * 6.4) + 14));
}
