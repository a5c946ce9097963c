/** What one can look at: the hardest mistakes, and sample sheets. */
import { firstSeedNote } from "../choice.js";
import { count, modelTitle, plain, significant } from "../format.js";
import type { ReportInput, ReportMistake, ReportSample } from "../input.js";
import { html, pngImage, type Markup } from "../markup.js";
import { section, type Section } from "../section.js";
import { leftOutPart } from "./leftOut.js";

/** The images on the wrong side of the threshold, both ways, the worst first; nothing where no threshold decides. */
export function mistakesSection(input: ReportInput): Section | null {
  const of = input.mistakesOf;
  if (of === undefined) return null;
  const threshold = of.perClass ? "the threshold of the class named for them" : "the threshold";
  const cut = of.perClass
    ? `${of.perClass.map(significant).join(" to ")} on, the threshold of the class it is taken for`
    : significant(of.threshold);
  const kinds = [
    {
      kind: "id-rejected",
      title: "Known, but rejected",
      what: `known test images lie below ${threshold}`,
      worst: "with the lowest confidence",
      counted: of.rejected,
    },
    {
      kind: "ood-accepted",
      title: "Unknown, but accepted",
      what: `unknown images reach ${threshold}`,
      worst: "with the highest confidence",
      counted: of.accepted,
    },
  ] as const;
  const parts = kinds.map(({ kind, title, what, worst, counted }) => {
    if (counted.of === 0) return null;
    const own = input.mistakes.filter((mistake) => mistake.kind === kind);
    const shown = own.length < counted.count ? `; the ${own.length} ${worst} are shown` : "";
    return html`<h3>
        ${title} <span class="note">${count(counted.count)} of ${count(counted.of)} ${what}${shown}</span>
      </h3>
      <div class="thumbs">${own.map(thumbnail)}</div>`;
  });
  return section(
    "mistakes",
    "Mistakes",
    "Hardest mistakes",
    `${modelTitle(of.model)} with ${of.detector}: an image is known from a confidence of ${cut}. The worst mistakes come first; they are not typical ones.${firstSeedNote(input)}`,
    parts,
  );
}

function thumbnail(mistake: ReportMistake): Markup {
  const truth = mistake.label ?? mistake.set;
  const label = `${mistake.id}: ${truth}, taken for ${mistake.prediction}, confidence ${plain(mistake.score)}`;
  const from =
    mistake.label === undefined || mistake.kind === "id-rejected"
      ? null
      : html`<span class="soft">${mistake.set}</span>`;
  return html`<figure>
    ${pngImage(mistake.png, label)}
    <figcaption>
      <b>${truth}</b> → ${mistake.prediction}<br />${from}
      <span class="soft">${significant(mistake.score)}</span>
      <span class="name" title="${mistake.id}">${mistake.id}</span>
    </figcaption>
  </figure>`;
}

/** Sheets side by side, each with its title and caption. */
export function sheets(samples: readonly ReportSample[]): Markup {
  return html`<div class="sheets">
    ${samples.map(
      (sample) =>
        html`<figure>
          ${pngImage(sample.png, sample.title, sample.section === "outliers" ? "pixels wide" : "pixels")}
          <figcaption><b>${sample.title}</b> ${sample.caption}</figcaption>
        </figure>`,
    )}
  </div>`;
}

/** Sample sheets of the data sets, and what was left out of them. */
export function dataSection(input: ReportInput): Section | null {
  const own = input.samples.filter((sample) => sample.section !== "outliers");
  if (own.length === 0 && input.leftOut.length === 0) return null;
  return section("data", "Data", "Data", "Images as the models see them.", [
    sheets(own),
    leftOutPart(input.leftOut),
  ]);
}
