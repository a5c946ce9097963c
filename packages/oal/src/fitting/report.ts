/** The report of a fit: one self-contained page. */
import { count, percent, percentInterval } from "../report/format.js";
import { renderPage } from "../report/frame.js";
import { html, type Content, type Markup } from "../report/markup.js";
import { cutWords } from "../bundle/cutWords.js";
import { section, type Section } from "../report/section.js";
import {
  calibrationSection,
  dataSection,
  decidingOf,
  detectorsSection,
  edgesSection,
  leaveOutSection,
  type EdgeThumbnails,
} from "./reportSections.js";
import type { FitResult } from "./result.js";

/** The page as HTML text. */
export function renderFitReport(result: FitResult, thumbnails: EdgeThumbnails, finished: string): string {
  const { known, model, decides } = result;
  const all = known.from === "model" ? "all classes of the model" : classesText(known.classNames.length);
  return renderPage({
    title: `${result.name}: known or unknown`,
    brand: "oal fit",
    summary: `${all} known, decided by ${decides}. The network is ${model.path} as it is; nothing of it was trained.`,
    warnings: result.warnings,
    sections: [
      overview(result),
      detectorsSection(result),
      leaveOutSection(result),
      calibrationSection(result),
      edgesSection(result, thumbnails),
      dataSection(result),
      modelSection(result),
    ],
    footer: `Made by oal ${result.version}, ${finished}. All figures stand in fit.json beside this page; ${result.files.model} is the model file.`,
  });
}

function classesText(classes: number): string {
  return classes === 1 ? "One class is" : `${classes} classes are`;
}

function overview(result: FitResult): Section {
  const own = decidingOf(result);
  const { accuracy, calibration, known, choice, unknown } = result;
  const given = own?.sets.find(({ kind }) => kind === "given");
  const left = own?.leaveClassOut;
  const entry = (name: string, value: string, note: string): Markup =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value}<small>${note}</small></dd>
    </div>`;
  const cards = html`<div class="cards">
    <article class="card" style="--key:var(--accent)">
      <h3>Which class</h3>
      <dl>
        ${
          accuracy
            ? entry(
                "accuracy",
                percent(accuracy.value),
                `${percentInterval(accuracy.interval)}; ${accuracy.hits} of ${accuracy.count}`,
              )
            : entry("accuracy", "–", "no test picture has a class of the model")
        }
      </dl>
    </article>
    <article class="card" style="--key:var(--near)">
      <h3>Known or unknown</h3>
      <dl>
        ${left ? entry("AUROC, a class left out", percent(left.mean), percentInterval(left.interval)) : null}
        ${given ? entry("AUROC, your unknown ones", percent(given.metrics.auroc), percentInterval(given.interval.auroc)) : null}
        ${given ? entry("of these called known", percent(given.accepted), `${count(given.count)} pictures`) : null}
      </dl>
    </article>
    <article class="card" style="--key:var(--good)">
      <h3>Known pictures that are kept</h3>
      <dl>
        ${entry("promised", percent(Math.min(calibration.keep, calibration.coverage.mean)), `true rate ${percentInterval([calibration.coverage.low, calibration.coverage.high])}`)}
        ${own?.kept ? entry("of the test part", percent(own.kept.value), `${own.kept.hits} of ${own.kept.count}`) : null}
      </dl>
    </article>
  </div>`;
  return section(
    "overview",
    "Overview",
    "At a glance",
    "All rates are in percent, with 95 % intervals. Calibration pictures took no part in fitting or choosing, test pictures in nothing but these figures.",
    [
      cards,
      html`<ul class="verdicts">
        <li class="verdict">${known.sentence}</li>
        <li class="verdict">${choice.sentence}</li>
        <li class="verdict">${calibration.sentences[0]}</li>
        ${unknown ? html`<li class="verdict">${unknown.sentence}</li>` : null}
      </ul>`,
    ],
  );
}

function modelSection({ model, known, files }: FitResult): Section {
  const { preprocessing, normalisation } = model;
  const fact = (name: string, value: Content): Markup =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value}</dd>
    </div>`;
  const { strength } = known;
  return section("model", "Model", "The model", "What the model file is made from.", [
    html`<dl class="facts">
      ${fact("file", `${model.path} (${model.kind}${model.producer === "" ? "" : `, ${model.producer}`})`)}
      ${fact("SHA-256", html`<code>${model.hash}</code>`)} ${fact("parameters", count(model.parameters))}
      ${fact("features", model.features === null ? "none" : `${count(model.features)} numbers`)}
      ${fact("pictures", `${cutWords(preprocessing)}, ${preprocessing.interpolation}`)}
      ${fact("pixels", `${normalisation.name} (${normalisation.source}): ${normalisation.evidence.join(" ")}`)}
      ${fact("last layer", known.sentence)}
      ${
        strength
          ? fact(
              "its penalty",
              `strength ${strength.strength}, chosen by cross-validation among ${strength.candidates.map((each) => `${each.strength} (${each.crossEntropy.toFixed(4)})`).join(", ")}`,
            )
          : null
      }
      ${fact("written", `${files.model}: opened by oal score, onnxruntime in any language, and a browser`)}
    </dl>`,
  ]);
}
