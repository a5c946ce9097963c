/** The sections of a fit's report that show figures and pictures. */
import { metrics } from "oal-core";
import { figure } from "../report/charts/figure.js";
import { intervalChart, type IntervalMark } from "../report/charts/intervals.js";
import { percent, percentInterval, plain, significant } from "../report/format.js";
import { html, type Content, type Markup } from "../report/markup.js";
import { section, table, type Section } from "../report/section.js";
import { leftOutPart } from "../report/sections/leftOut.js";
import type { FitDetectorResult, FitEdgePicture, FitResult, FitSetResult } from "./result.js";

/** Thumbnails of the edges, in their order; undefined for a picture that could not be read again. */
export interface EdgeThumbnails {
  readonly known: readonly (Uint8Array | undefined)[];
  readonly unknown: readonly (Uint8Array | undefined)[];
}

/** The detector that decides. */
export function decidingOf({ detectors, decides }: FitResult): FitDetectorResult | undefined {
  return detectors.find(({ id }) => id === decides);
}

const setTitle = ({ kind }: Pick<FitSetResult, "kind">): string =>
  kind === "drawn" ? "drawn pictures (far)" : "your unknown pictures";

/** Every detector against every set of unknown pictures, and how the one that decides was chosen. */
export function detectorsSection(result: FitResult): Section {
  const sets = result.detectors[0]?.sets ?? [];
  const shown = metrics.all.filter(({ headline = true }) => headline);
  // sets in a row of their own: columns stay as narrow as their figures
  const columns = shown.length + 1;
  const leavesOut = !("absent" in result.leaveClassOut);
  const head = html`<tr>
      <th rowspan="2">Detector</th>
      ${leavesOut ? html`<th>a class left out</th>` : null}
      ${sets.map((set) => html`<th colspan="${columns}">${setTitle(set)}</th>`)}
      <th rowspan="2">test kept</th>
      <th rowspan="2">cut</th>
    </tr>
    <tr>
      ${leavesOut ? html`<th>AUROC</th>` : null}
      ${sets.flatMap(() => [...shown.map(({ title }) => html`<th>${title}</th>`), html`<th>called known</th>`])}
    </tr>`;
  const rows = result.detectors.map(
    (own) =>
      html`<tr>
        <th>${own.id}${own.id === result.decides ? html`<small>decides</small>` : null}</th>
        ${own.leaveClassOut ? cell(own.leaveClassOut.mean, own.leaveClassOut.interval) : leavesOut ? html`<td>–</td>` : null}
        ${own.sets.flatMap((set) => [
          ...shown.map(({ id }) => cell(set.metrics[id] ?? Number.NaN, set.interval[id])),
          html`<td>${percent(set.accepted)}</td>`,
        ])}
        <td>${own.kept ? percent(own.kept.value) : "–"}</td>
        <td>${significant(own.cut)}</td>
      </tr>`,
  );
  const candidates = result.choice.candidates.filter(({ score }) => score !== null);
  const chosen =
    candidates.length === 0
      ? null
      : html`<h3>How the detector was chosen</h3>
          <p class="note">${result.choice.sentence}</p>
          ${table(
            "Candidates",
            html`<tr>
              <th>Detector</th>
              <th>AUROC<small>a class left out</small></th>
              <th>AUROC<small>unknown that may choose</small></th>
              <th>mean</th>
              <th>chance<small>against the best</small></th>
            </tr>`,
            candidates.map(
              (each) =>
                html`<tr>
                  <th>${each.detector}</th>
                  <td>${each.leaveClassOut === null ? "–" : percent(each.leaveClassOut)}</td>
                  <td>${each.unknown === null ? "–" : percent(each.unknown)}</td>
                  <td>${percent(each.score ?? Number.NaN)}</td>
                  <td>${percent(each.uncertainty)}</td>
                </tr>`,
            ),
          )}`;
  return section(
    "detectors",
    "Detectors",
    "Every detector",
    "On the test part. Drawn pictures are far from any photograph: they show that nothing is broken, not how well unknown photographs are found.",
    [
      sets.length === 0
        ? html`<p class="note">There are no test pictures, so nothing could be measured.</p>`
        : table("Detectors", head, rows, "results"),
      chosen,
    ],
  );
}

function cell(value: number, interval: readonly [number, number] | undefined): Markup {
  return html`<td>
    ${percent(value)}${interval ? html`<small>${percentInterval(interval)}</small>` : null}
  </td>`;
}

/** Most classes that a chart shows. */
const chartedClasses = 60;

/** Each class as the unknown one. */
export function leaveOutSection(result: FitResult): Section {
  const { leaveClassOut: plan, detectors } = result;
  const heading = "Each class as the unknown one";
  if ("absent" in plan) return section("leave-class-out", "Leave-class-out", heading, plan.absent, null);
  const own = detectors.filter(({ leaveClassOut }) => leaveClassOut !== null);
  const deciding = decidingOf(result)?.leaveClassOut;
  const order = plan.classes
    .map(({ name }, i) => ({ name, i, auroc: deciding?.classes[i]?.auroc ?? 0 }))
    .sort((a, b) => a.auroc - b.auroc);
  const marks = order.slice(0, chartedClasses).flatMap(({ name, i }): IntervalMark[] => {
    const found = deciding?.classes[i];
    if (!found) return [];
    const title = `${name}: ${percent(found.auroc)} (${percentInterval(found.interval)})`;
    return [
      { row: name, value: found.auroc, interval: found.interval, color: "var(--near)", lane: 0, title },
    ];
  });
  const picture = figure(
    `${result.decides}, the hardest class first`,
    intervalChart(marks, {
      label: marks.map(({ title }) => title).join("; "),
      rows: marks.map(({ row }) => row),
      lanes: 1,
      axis: "AUROC, %",
      limits: [0, 1],
    }),
    "AUROC with 95 % intervals",
  );
  const rows = order.map(
    ({ name, i }) =>
      html`<tr>
        <th>${name}</th>
        <td>${plan.classes[i]?.unknown}</td>
        ${own.map(({ leaveClassOut }) => {
          const found = leaveClassOut?.classes[i];
          return found ? cell(found.auroc, found.interval) : html`<td>–</td>`;
        })}
      </tr>`,
  );
  const means = html`<tr class="mean">
    <th>mean</th>
    <td></td>
    ${own.map(({ leaveClassOut }) =>
      leaveClassOut ? cell(leaveClassOut.mean, leaveClassOut.interval) : html`<td>–</td>`,
    )}
  </tr>`;
  return section(
    "leave-class-out",
    "Leave-class-out",
    heading,
    `${plan.sentence} It estimates how well unknown pictures are found that are as near to the known classes as these are to each other.`,
    [
      // beside the chart there is room for three columns at most
      html`<div class="${own.length <= 2 ? "grid wide" : "stacked"}">
        ${picture}
        ${table(
          "Leave-class-out",
          html`<tr>
            <th>Class</th>
            <th>pictures</th>
            ${own.map(({ id }) => html`<th>${id}</th>`)}
          </tr>`,
          [means, rows],
        )}
      </div>`,
    ],
  );
}

/** What the decision promises, in words. */
export function calibrationSection({ calibration, detectors, decides }: FitResult): Section {
  const { perClass } = calibration;
  const own = detectors.find(({ id }) => id === decides);
  const classes =
    perClass === null
      ? null
      : table(
          "Cuts per class",
          html`<tr>
            <th>Predicted class</th>
            <th>calibration pictures</th>
            <th>cut</th>
            <th>whose</th>
          </tr>`,
          perClass.map(
            (each) =>
              html`<tr>
                <th>${each.name}</th>
                <td>${each.count}</td>
                <td>${significant(each.cut)}</td>
                <td>${each.own ? "its own" : "all classes together"}</td>
              </tr>`,
          ),
        );
  const measured = own?.kept
    ? html`<p>
        The test part agrees so far: ${own.kept.hits} of ${own.kept.count} known pictures were kept
        (${percent(own.kept.value)}, interval ${percentInterval(own.kept.interval)}).
        ${own.sure === null ? null : `${percent(own.sure)} passed without a question.`}
      </p>`
    : null;
  return section(
    "calibration",
    "Calibration",
    "What the decision promises",
    "This holds for pictures that come as the known ones of the folder came. Of pictures from another camera, place or season it says nothing.",
    [
      calibration.sentences.map((text) => html`<p>${text}</p>`),
      measured,
      html`<p class="note">
        Another keep rate needs no new fit: the file's p value is above 1 − rate for the pictures that it
        would keep.
      </p>`,
      classes,
    ],
  );
}

/** The pictures at the edge, with thumbnails. */
export function edgesSection(result: FitResult, thumbnails: EdgeThumbnails): Section {
  const { edges, decides } = result;
  const part = (
    title: string,
    note: string,
    pictures: readonly FitEdgePicture[],
    own: readonly (Uint8Array | undefined)[],
  ): Content =>
    pictures.length === 0
      ? null
      : html`<h3>${title} <span class="note">${note}</span></h3>
          <div class="thumbs">${pictures.map((picture, i) => thumbnail(picture, own[i]))}</div>`;
  return section(
    "edge",
    "Pictures",
    "Pictures at the edge",
    `Where ${decides} is surest of the wrong side, or least sure. The p value is the share of known pictures that look at least as strange.`,
    [
      part("Known, but strange", "test pictures with the lowest scores", edges.known, thumbnails.known),
      part(
        "Unknown, but familiar",
        "unknown and drawn pictures with the highest scores",
        edges.unknown,
        thumbnails.unknown,
      ),
    ],
  );
}

function thumbnail(picture: FitEdgePicture, jpeg: Uint8Array | undefined): Markup {
  const { id, label, predicted, pValue, known, score } = picture;
  const verdict = known ? "known" : "unknown";
  const wrong = known !== (label !== null);
  const text = `${id}: ${label ?? "unknown picture"}, taken for ${predicted}, called ${verdict}, score ${plain(score)}`;
  return html`<figure>
    ${
      jpeg === undefined
        ? null
        : html`<img
            class="pixels"
            alt="${text}"
            src="data:image/jpeg;base64,${Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength).toString("base64")}"
          />`
    }
    <figcaption>
      <span class="${wrong ? "worse" : "better"}"><span class="tag">${verdict}</span></span>
      <b>${predicted}</b
      >${label !== null && label !== predicted ? html` <span class="soft">is ${label}</span>` : null}<br />
      <span class="soft">p ${pValue < 0.001 ? "< 0.001" : pValue.toFixed(3)}</span>
      <span class="name" title="${id}">${id}</span>
    </figcaption>
  </figure>`;
}

/** The parts, and what was left out. */
export function dataSection(result: FitResult): Section {
  const { parts, leftOut, known, unknown } = result;
  const rows = parts.classes.map(
    (each) =>
      html`<tr>
        <th>${each.name}</th>
        <td>${each.train}</td>
        <td>${each.calibration}</td>
        <td>${each.test}</td>
      </tr>`,
  );
  const groups = (title: string, groups: readonly { readonly ids: readonly string[] }[]): Content =>
    groups.length === 0
      ? null
      : html`<details>
          <summary>${title}: ${groups.length}</summary>
          <ul class="names">
            ${groups.slice(0, 200).map(({ ids }) => html`<li><code>${ids.join(" = ")}</code></li>`)}
          </ul>
        </details>`;
  return section(
    "data",
    "Data",
    "Pictures",
    `${known.path}${unknown ? ` and, as unknown ones, ${unknown.path}` : ""}. ${
      parts.given
        ? "The parts are those of the folder, as far as it has them."
        : `The parts are drawn class by class from the pictures' content and the seed ${parts.seed}.`
    } Fitted on ${parts.train}, calibrated with ${parts.calibration}, measured on ${parts.test}.`,
    [
      html`<details ${rows.length <= 12 ? html` open` : null}>
        <summary>${rows.length} ${rows.length === 1 ? "class" : "classes"}</summary>
        ${table(
          "Classes",
          html`<tr>
            <th>Class</th>
            <th>fitted on</th>
            <th>calibration</th>
            <th>test</th>
          </tr>`,
          rows,
        )}
      </details>`,
      leftOutPart([{ set: "pictures", unreadable: leftOut.unreadable, passedOver: {} }]),
      groups("There more than once, counted once", leftOut.copies),
      groups("Under several classes, left out", leftOut.contradictions),
      groups(
        "Unknown pictures that are known ones, counted as known",
        leftOut.overlaps.map((each) => ({ ids: [each.unknown, each.known] })),
      ),
    ],
  );
}
