/** What becomes of the known classes: confusion matrix and accuracy per class, for every model. */
import {
  classAccuracyChart,
  commonestConfusions,
  confusionChart,
  confusionOf,
  confusionWidth,
  type Confusion,
} from "../charts/confusion.js";
import { firstSeedNote } from "../choice.js";
import { figure } from "../charts/figure.js";
import { count, modelTitle, percent } from "../format.js";
import type { ReportInput, ReportScores } from "../input.js";
import { html, type Markup } from "../markup.js";
import { section, table, type Section } from "../section.js";
import { tabs } from "../tabs.js";

/** More classes than this are no picture any more: tables alone. */
const mostDrawn = 200;
/** Classes with a bar each; of more, the worst. */
const mostBars = 24;

/** Confusion matrix and accuracy per class on the known test images; nothing without class names or scores. */
export function classesSection(input: ReportInput): Section | null {
  const scored = input.scores.filter(({ group }) => group === "id");
  if (scored.length === 0 || input.classNames.length === 0) return null;
  const deciding = input.mistakesOf?.model;
  const ordered = scored
    .filter(({ model }) => model === deciding)
    .concat(scored.filter(({ model }) => model !== deciding));
  const views = ordered.map((scores) => ({
    title: modelTitle(scores.model),
    content: view(scores, input.classNames),
  }));
  return section(
    "classes",
    "Classes",
    "Classes",
    `Known test images only, every one with the class the model names, whether the detector then accepts it or not. A row per class; on the diagonal are the right answers.${firstSeedNote(input)}`,
    tabs("classes", "Model", views),
  );
}

function view({ model, labels, predictions }: ReportScores, classNames: readonly string[]): Markup {
  const confusion = confusionOf(labels, predictions, classNames.length);
  const common = commonestConfusions(confusion, 10);
  const title = modelTitle(model);
  return html`<div class="side">
      <div style="max-width:${confusionWidth(classNames)}px">${matrix(title, confusion, classNames)}</div>
      <div>${accuracies(title, confusion, classNames)}</div>
    </div>
    ${common.length === 0 ? html`<p class="note">No known test image is given a wrong class.</p>` : confusions(common, classNames)}
    ${numbers(title, confusion, classNames)}`;
}

function matrix(title: string, confusion: Confusion, classNames: readonly string[]): Markup {
  if (classNames.length > mostDrawn)
    return html`<p class="note">
      ${classNames.length} classes are too many for a matrix; the tables have them all.
    </p>`;
  const [worst] = commonestConfusions(confusion, 1);
  const right = confusion.cells.reduce(
    (sum, cell) => sum + (cell.truth === cell.prediction ? cell.count : 0),
    0,
  );
  const all = confusion.classes.reduce((sum, own) => sum + own.count, 0);
  const most =
    worst === undefined
      ? "no mistake"
      : `most often ${classNames[worst.truth] ?? ""} is taken for ${classNames[worst.prediction] ?? ""} (${worst.count} times)`;
  const label = `Confusion matrix of ${title} over ${classNames.length} classes: ${count(right)} of ${count(all)} images on the diagonal; ${most}. All numbers follow as a table.`;
  return figure(
    "Confusion matrix",
    confusionChart(label, confusion, classNames),
    "darker: a larger share of the class",
  );
}

function accuracies(title: string, { classes }: Confusion, classNames: readonly string[]): Markup {
  const present = classes.filter((own) => own.count > 0);
  const isAll = present.length <= mostBars;
  const shown = isAll ? present : [...present].sort((a, b) => a.accuracy - b.accuracy).slice(0, mostBars);
  const label = `Accuracy of ${title} per class${isAll ? "" : `, the ${mostBars} lowest of ${present.length}`}: ${shown
    .map((own) => `${classNames[own.label] ?? ""} ${percent(own.accuracy)} %`)
    .join("; ")}`;
  return figure(
    "Accuracy per class",
    classAccuracyChart(label, shown, classNames),
    isAll ? "%" : `%, the ${mostBars} lowest of ${present.length}`,
  );
}

function confusions(common: ReturnType<typeof commonestConfusions>, classNames: readonly string[]): Markup {
  const items = common.map(
    (cell) =>
      html`<li>
        <b>${classNames[cell.truth]}</b> → ${classNames[cell.prediction]}
        <span class="soft">${count(cell.count)} ${cell.count === 1 ? "image" : "images"}</span>
      </li>`,
  );
  return html`<h3>Most frequent mistakes</h3>
    <ul class="columns">
      ${items}
    </ul>`;
}

function numbers(title: string, confusion: Confusion, classNames: readonly string[]): Markup {
  const rows = confusion.classes.map((own) => {
    const wrong = confusion.cells
      .filter((cell) => cell.truth === own.label && cell.prediction !== own.label)
      .sort((a, b) => b.count - a.count)
      .slice(0, 5)
      .map((cell) => `${classNames[cell.prediction] ?? ""} ${cell.count}`);
    return html`<tr>
      <th scope="row">${classNames[own.label]}</th>
      <td>${count(own.count)}</td>
      <td class="mean">${percent(own.accuracy)}</td>
      <td class="text">${wrong.join(", ")}</td>
    </tr>`;
  });
  const head = html`<tr>
    <th scope="col">Class</th>
    <th scope="col">Test images</th>
    <th scope="col" class="mean">Recognised, %</th>
    <th scope="col" class="text">Taken for<small>the five most frequent</small></th>
  </tr>`;
  return html`<details>
    <summary>Numbers of every class</summary>
    ${table(`Accuracy and mistakes of ${title} per class`, head, rows)}
  </details>`;
}
