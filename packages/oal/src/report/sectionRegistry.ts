/**
 * The registry of the report's sections, in the order of the page. What a section is made with (charts, layouts) is loaded when
 * a page is made, not before. A new section is one file and one line here.
 */
import { expectArguments, kinds, Registry } from "oal-core";
import type { ReportInput } from "./input.js";
import type { Section } from "./section.js";

/** A part of the report. */
export interface ReportSection {
  /** The anchor on the page, the same as that of the section it makes. */
  readonly id: string;
  /** What it shows, in a few words. */
  readonly title: string;
  /** Raise it when the code changes the page. Default 1. */
  readonly version?: number;
  /** The section, or null where a run has nothing to show in it. */
  readonly render: (input: ReportInput) => Section | null | Promise<Section | null>;
}

/**
 * Makes a section of the report; `reportSections.register` adds it behind the others.
 *
 * @example
 * defineReportSection({ id: "seeds", title: "Seeds", render: ({ results }) => section("seeds", "Seeds", "Seeds", "The seeds.", `${results.length} results`) });
 */
export function defineReportSection(definition: ReportSection): ReportSection {
  const aSection = kinds.fields({ id: kinds.name, title: kinds.name, render: kinds.callback });
  expectArguments("defineReportSection", { definition: [definition, aSection] });
  return definition;
}

const standard: readonly ReportSection[] = [
  {
    id: "overview",
    title: "the figures that count",
    render: async (input) => (await import("./sections/overview.js")).overviewSection(input),
  },
  {
    id: "results",
    title: "every metric of every model, detector and set",
    render: async (input) => ifMeasured(input, (await import("./sections/results.js")).resultsSection),
  },
  {
    id: "differences",
    title: "paired differences of the models",
    render: async (input) => (await import("./sections/differences.js")).differencesSection(input),
  },
  {
    id: "scores",
    title: "scores of every set",
    render: async (input) => (await import("./sections/scores.js")).histogramSection(input),
  },
  {
    id: "roc",
    title: "ROC curves",
    render: async (input) => (await import("./sections/scores.js")).rocSection(input),
  },
  {
    id: "thresholds",
    title: "what the thresholds accept",
    render: async (input) => (await import("./sections/scores.js")).thresholdSection(input),
  },
  {
    id: "calibration",
    title: "accuracy and calibration",
    render: async (input) => ifMeasured(input, (await import("./sections/results.js")).calibrationSection),
  },
  {
    id: "null-test",
    title: "known against known images",
    render: async (input) => (await import("./sections/differences.js")).nullTestSection(input),
  },
  {
    id: "classes",
    title: "confusion and accuracy per class",
    render: async (input) => (await import("./sections/classes.js")).classesSection(input),
  },
  {
    id: "mistakes",
    title: "images on the wrong side of the threshold",
    render: async (input) => (await import("./sections/pictures.js")).mistakesSection(input),
  },
  {
    id: "map",
    title: "a map of the features",
    render: async (input) => (await import("./sections/map.js")).mapSection(input),
  },
  {
    id: "outliers",
    title: "outliers that students were shown, and their audit",
    version: 2,
    render: async (input) => (await import("./sections/outliers.js")).outliersSection(input),
  },
  {
    id: "training",
    title: "loss curves",
    render: async (input) => (await import("./sections/run.js")).trainingSection(input),
  },
  {
    id: "data",
    title: "pictures of the sets",
    render: async (input) => (await import("./sections/pictures.js")).dataSection(input),
  },
  {
    id: "choices",
    title: "what chose every setting",
    render: async (input) => (await import("./sections/choices.js")).choicesSection(input),
  },
  {
    id: "rows",
    title: "published code against intention, row by row",
    render: async (input) => (await import("./sections/rows.js")).rowsSection(input),
  },
  {
    id: "run",
    title: "configuration, versions and machine",
    render: async (input) => (await import("./sections/run.js")).runSection(input),
  },
];

function ifMeasured(input: ReportInput, render: (input: ReportInput) => Section | null): Section | null {
  return input.results.length > 0 ? render(input) : null;
}

/** Every section, in the order of the page. */
export const reportSections = new Registry<ReportSection>("report section", standard);
