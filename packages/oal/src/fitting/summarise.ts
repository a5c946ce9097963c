/** A fit summed up: decisions, figures with intervals, and the pictures at the edge. */
import { binomialInterval, decide, oalError, type Decision, type FittedDetector } from "oal-core";
import { calibrate, type Calibrated } from "../evaluation/calibrate.js";
import { classSentences, promiseOf } from "./calibrate.js";
import type { DrawnPicture } from "./drawn.js";
import type { Fit, FitSettings } from "./fit.js";
import { measureLeaveOut, measureSets, type MeasuredShare } from "./measure.js";
import type { FitPicture } from "./pictures.js";
import {
  fitFormat,
  type FitDetectorResult,
  type FitEdgePicture,
  type FitLeaveOutPlan,
  type FitResult,
  type FitSetResult,
} from "./result.js";
import type { ScoredSet } from "./scoring.js";
import { uselessSentences } from "./useless.js";

/** Pictures at the edge that are shown, of either kind. */
const shownEdges = 12;

/** A fit with what is said of it. */
export interface Summary {
  readonly result: FitResult;
  /** The detectors that a bundle holds. */
  readonly detectors: readonly { readonly fitted: FittedDetector; readonly decision: Decision }[];
  /** The pictures of `result.edges`. */
  readonly edges: {
    readonly known: readonly FitPicture[];
    readonly unknown: readonly (FitPicture | DrawnPicture)[];
  };
}

/** What a fit is called, and where it is written. */
export interface FitName {
  readonly name: string;
  /** Version of oal. */
  readonly version: string;
  readonly files: FitResult["files"];
}

/** Sums a fit up. */
export function summarise(fit: Fit, settings: FitSettings, naming: FitName): Summary {
  const { parts, subject, choice, scoring, unknown } = fit;
  const { keep, ask, perClass, model, seed } = settings;
  const classes = subject.classNames.length;
  const calibration = setNamed(scoring.sets, "calibration");
  const test = setNamed(scoring.sets, "test");
  const calibrated = scoring.fitted.map(({ detector: { id } }) =>
    calibrate(id, calibration.confidence[id] ?? new Float32Array(), calibration.predictions, {
      keep,
      ask,
      perClass,
      classes,
    }),
  );
  const decides = calibrated.find(({ decision }) => decision.detector === choice.detector);
  if (!decides) throw oalError("OAL-X101", { problem: `a fit without ${choice.detector}, which decides` });
  const promise = promiseOf(parts.calibration.pictures.length, keep);
  const classCuts = decides.classCuts;
  const names = subject.classNames;
  const edges = edgesOf(fit, decides.decision);
  const measured = detectorResults(fit, calibrated);
  return {
    detectors: scoring.fitted.map((fitted, i) => ({
      fitted,
      decision: (calibrated[i] ?? decides).decision,
    })),
    edges: {
      known: edges.known.map(({ picture }) => picture),
      unknown: edges.unknown.map(({ picture }) => picture),
    },
    result: {
      format: fitFormat,
      version: naming.version,
      name: naming.name,
      model: {
        path: model.path,
        kind: model.kind,
        hash: model.hash,
        producer: model.producer,
        parameters: model.facts.parameters,
        features: model.facts.features?.width ?? null,
        preprocessing: model.preprocessing,
        normalisation: {
          name: model.normalisation.name,
          source: model.normalisation.source,
          evidence: model.normalisation.evidence,
        },
      },
      known: {
        path: settings.id,
        from: settings.known,
        classNames: names,
        head: subject.kind,
        sentence: subject.sentence,
        strength: fit.strength,
      },
      parts: {
        seed,
        given: fit.found.sources.some(({ given }) => given !== undefined),
        train: parts.training.pictures.length,
        calibration: parts.calibration.pictures.length,
        test: parts.test.pictures.length,
        classes: fit.found.folders.map((name, f) => ({
          name,
          ...(parts.counts[f] ?? { train: 0, calibration: 0, test: 0 }),
        })),
      },
      unknown: unknown && {
        path: unknown.path,
        pictures: unknown.choosing.length + unknown.measuring.length,
        choosing: unknown.choosing.length,
        measuring: unknown.measuring.length,
        sentence: unknown.sentence,
      },
      decides: decides.decision.detector,
      choice: { sentence: choice.sentence, candidates: choice.candidates },
      ...(fit.combination ? { combination: fit.combination } : {}),
      accuracy: accuracyOf(test, parts.test.labels),
      detectors: measured,
      leaveClassOut: leaveOutPlan(fit),
      calibration: {
        ...promise,
        sentences: [
          ...promise.sentences,
          ...(classCuts ? classSentences(classCuts, names, keep) : []),
          ...(ask === undefined ? [] : [askSentence(ask, keep)]),
        ],
        ask: ask ?? null,
        perClass:
          classCuts?.map(({ count, own, cuts }, c) => ({
            name: names[c] ?? String(c),
            count,
            own,
            cut: cuts.unknown,
          })) ?? null,
      },
      edges: {
        known: edges.known.map(({ shown }) => shown),
        unknown: edges.unknown.map(({ shown }) => shown),
      },
      leftOut: {
        unreadable: [...fit.known.unreadable, ...(unknown?.unreadable ?? [])],
        copies: [...fit.known.copies, ...(unknown?.copies ?? [])],
        contradictions: fit.known.contradictions,
        overlaps: unknown?.overlaps ?? [],
      },
      warnings: [...fit.warnings, ...uselessSentences(measured, decides.decision.detector)],
      files: naming.files,
    },
  };
}

function setNamed(sets: readonly ScoredSet[], name: string): ScoredSet {
  const found = sets.find((set) => set.name === name);
  if (!found) throw oalError("OAL-X101", { problem: `a fit without the set ${name}` });
  return found;
}

function shareOf(hits: number, count: number): MeasuredShare {
  return { hits, count, value: hits / count, interval: binomialInterval(hits, count) };
}

function accuracyOf({ predictions }: ScoredSet, labels: Int32Array): MeasuredShare | null {
  const counted = Array.from(labels.keys()).filter((i) => (labels[i] ?? -1) >= 0);
  if (counted.length === 0) return null;
  return shareOf(counted.filter((i) => labels[i] === predictions[i]).length, counted.length);
}

function detectorResults(fit: Fit, calibrated: readonly Calibrated[]): FitDetectorResult[] {
  const { scoring, parts, leftOut } = fit;
  const ids = scoring.fitted.map(({ detector }) => detector.id);
  const test = setNamed(scoring.sets, "test");
  const outside = (["unknown", "drawn"] as const)
    .map((name) => setNamed(scoring.sets, name))
    .filter(({ predictions }) => predictions.length > 0);
  const hasTest = test.predictions.length > 0;
  const measured = hasTest ? measureSets(ids, test.confidence, outside) : {};
  // detectors inside the model are measured without leaving a class out where others decide
  const apart = ids.filter((id) => leftOut.every(({ scores }) => scores[id] !== undefined));
  const left = measureLeaveOut(apart, leftOut, parts.test.labels);
  return scoring.fitted.map(({ detector: { id, title }, parameters }, i) => {
    const decision = calibrated[i]?.decision;
    const verdicts = (set: ScoredSet): ReturnType<typeof decide>[] =>
      decision
        ? Array.from(set.confidence[id] ?? [], (score, row) => decide(decision, score, set.predictions[row]))
        : [];
    const onTest = verdicts(test);
    const kept = onTest.filter(({ known }) => known).length;
    const sets = (measured[id] ?? []).map((set, k): FitSetResult => {
      const own = outside[k];
      const said = own ? verdicts(own) : [];
      return {
        ...set,
        kind: set.name === "drawn" ? "drawn" : "given",
        accepted: said.filter(({ known }) => known).length / Math.max(1, said.length),
      };
    });
    const asks = decision?.cuts.ask !== undefined;
    return {
      id,
      title,
      parameters,
      sets,
      leaveClassOut: left[id] ?? null,
      cut: decision?.cuts.unknown ?? Number.NaN,
      kept: hasTest ? shareOf(kept, onTest.length) : null,
      sure: hasTest && asks ? onTest.filter(({ known, ask }) => known && !ask).length / onTest.length : null,
    };
  });
}

function leaveOutPlan({ leftOut, couldBeLeftOut, noneLeftOut, subject }: Fit): FitLeaveOutPlan {
  if (noneLeftOut !== undefined) return { absent: `Leave-class-out is absent: ${noneLeftOut}.` };
  const how =
    subject.kind === "new"
      ? "the last layer and the detectors are fitted without it"
      : "its row is taken out of the model's own last layer, and the detectors are fitted without it; the network itself may have learned it";
  const who =
    leftOut.length < couldBeLeftOut
      ? `Each of ${leftOut.length} classes, spread over the ${couldBeLeftOut},`
      : "Each class";
  return {
    classes: leftOut.map(({ index, known, unknown }) => ({
      name: subject.classNames[index] ?? String(index),
      known,
      unknown,
    })),
    sentence: `${who} in turn is the unknown one: ${how}, and its test pictures are told from those of the other classes.`,
  };
}

function askSentence(ask: number, keep: number): string {
  const percent = (share: number): string => `${Number((100 * share).toFixed(1))}`;
  return `Of 100 known pictures about ${percent(ask)} pass without a question, and about ${percent(keep - ask)} are known but for a person to look at ("ask").`;
}

interface Edge<P> {
  readonly picture: P;
  readonly shown: FitEdgePicture;
}

/** The known test pictures that look most unknown, and the unknown ones that look most known. */
function edgesOf(
  { parts, unknown, drawn, subject, scoring }: Fit,
  decision: Decision,
): {
  readonly known: readonly Edge<FitPicture>[];
  readonly unknown: readonly Edge<FitPicture | DrawnPicture>[];
} {
  const name = (c: number | undefined): string => subject.classNames[c ?? -1] ?? "?";
  const edges = <P extends { readonly id: string }>(
    pictures: readonly P[],
    set: ScoredSet,
    labels: Int32Array | null,
  ): Edge<P>[] =>
    pictures.map((picture, i) => {
      const score = set.confidence[decision.detector]?.[i] ?? Number.NaN;
      const { pValue, known } = decide(decision, score, set.predictions[i]);
      const label = labels?.[i] ?? -1;
      return {
        picture,
        shown: {
          id: picture.id,
          label: label >= 0 ? name(label) : null,
          predicted: name(set.predictions[i]),
          score,
          pValue,
          known,
        },
      };
    });
  const known = edges(parts.test.pictures, setNamed(scoring.sets, "test"), parts.test.labels);
  const others = [
    ...edges<FitPicture | DrawnPicture>(unknown?.measuring ?? [], setNamed(scoring.sets, "unknown"), null),
    ...edges<FitPicture | DrawnPicture>(drawn, setNamed(scoring.sets, "drawn"), null),
  ];
  const byScore = <P>(a: Edge<P>, b: Edge<P>): number => a.shown.score - b.shown.score;
  return {
    known: known.sort(byScore).slice(0, shownEdges),
    unknown: others.sort((a, b) => byScore(b, a)).slice(0, shownEdges),
  };
}
