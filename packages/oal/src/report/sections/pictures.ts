/** What one can look at: the hardest mistakes, sample sheets, and the gallery and audit of synthesised outliers. */
import { modelTitle, plain, significant } from "../format.js";
import type { ReportInput, ReportMistake, ReportSample } from "../input.js";
import { html, pngImage, type Markup } from "../markup.js";
import { section, type Section } from "../section.js";

/** The images the detector got most wrong, both ways. */
export function mistakesSection(input: ReportInput): Section | null {
  if (input.mistakes.length === 0) return null;
  const kinds = [
    {
      kind: "id-rejected",
      title: "Known, but rejected",
      note: "in-distribution test images with the lowest confidence",
    },
    {
      kind: "ood-accepted",
      title: "Unknown, but accepted",
      note: "OOD test images with the highest confidence",
    },
  ] as const;
  const parts = kinds.map(({ kind, title, note }) => {
    const own = input.mistakes.filter((mistake) => mistake.kind === kind);
    if (own.length === 0) return null;
    return html`<h3>${title} <span class="note">${note}</span></h3>
      <div class="thumbs">${own.map(thumbnail)}</div>`;
  });
  const of = input.mistakesOf;
  const whose = of === undefined ? "" : ` Shown for ${modelTitle(of.model)} with ${of.detector}.`;
  return section(
    "mistakes",
    "Mistakes",
    "Hardest mistakes",
    `The worst of them, not typical ones.${whose}`,
    parts,
  );
}

function thumbnail(mistake: ReportMistake): Markup {
  const truth = mistake.label ?? mistake.set;
  const label = `${truth}, taken for ${mistake.prediction}, confidence ${plain(mistake.score)}`;
  const from =
    mistake.label === undefined || mistake.kind === "id-rejected"
      ? null
      : html`<span class="soft">${mistake.set}</span>`;
  return html`<figure>
    ${pngImage(mistake.png, label)}
    <figcaption>
      <b>${truth}</b> → ${mistake.prediction}<br />${from}
      <span class="soft">${significant(mistake.score)}</span>
    </figcaption>
  </figure>`;
}

function sheets(samples: readonly ReportSample[]): Markup {
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

/** Sample sheets of the data sets. */
export function dataSection(input: ReportInput): Section | null {
  const own = input.samples.filter((sample) => sample.section !== "outliers");
  if (own.length === 0) return null;
  return section("data", "Data", "Data", "Images as the models see them.", sheets(own));
}

/** The synthesised outliers: pictures first, then the figures that say whether they are what they claim. */
export function outliersSection(input: ReportInput): Section | null {
  const own = input.samples.filter((sample) => sample.section === "outliers");
  if (own.length === 0 && input.audit.length === 0) return null;
  const rows = input.audit.map(
    (figure) =>
      html`<div>
        <dt>${figure.name}</dt>
        <dd class="value">${typeof figure.value === "number" ? plain(figure.value) : figure.value}</dd>
        <dd>${figure.note}</dd>
      </div>`,
  );
  return section(
    "outliers",
    "Outliers",
    "Synthesised outliers",
    "Embeddings drawn just outside each class, turned into images by the latent diffusion model. Good ones look like nothing in particular, yet not like noise; an outlier that the teacher takes for its class with high confidence is a fake.",
    [
      sheets(own),
      rows.length === 0
        ? null
        : html`<h3>Audit</h3>
            <dl class="audit">${rows}</dl>`,
    ],
  );
}
