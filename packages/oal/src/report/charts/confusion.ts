/** Which known class is taken for which: the confusion matrix of one model on known test images, as numbers and as a chart. */
import * as Plot from "@observablehq/plot";
import { count, percent } from "../format.js";
import type { Markup } from "../markup.js";
import { chart, labelRoom } from "./figure.js";

/** One cell that is not empty: so many images of class `truth` were given class `prediction`. */
export interface ConfusionCell {
  readonly truth: number;
  readonly prediction: number;
  readonly count: number;
}

/** One class. */
export interface ClassAccuracy {
  readonly label: number;
  /** Images of the class. */
  readonly count: number;
  /** Share of them that is given the class, 0 to 1; NaN without images. */
  readonly accuracy: number;
}

/** A confusion matrix without its empty cells, and the accuracy of every class. */
export interface Confusion {
  readonly cells: readonly ConfusionCell[];
  readonly classes: readonly ClassAccuracy[];
}

/**
 * Counts which class is taken for which.
 *
 * @param labels,predictions  true and predicted class per image; images with a label outside 0 to `classes` - 1 are passed over
 */
export function confusionOf(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
): Confusion {
  const counts = new Map<number, number>();
  const totals = Array.from({ length: classes }, () => 0);
  for (let i = 0; i < labels.length; i++) {
    const [truth, prediction] = [labels[i] ?? -1, predictions[i] ?? -1];
    if (!(truth >= 0 && truth < classes && prediction >= 0 && prediction < classes)) continue;
    const cell = truth * classes + prediction;
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
    totals[truth] = (totals[truth] ?? 0) + 1;
  }
  const cells = [...counts]
    .sort(([a], [b]) => a - b)
    .map(([cell, times]) => ({
      truth: Math.floor(cell / classes),
      prediction: cell % classes,
      count: times,
    }));
  return {
    cells,
    classes: totals.map((total, label) => ({
      label,
      count: total,
      accuracy: total === 0 ? NaN : (counts.get(label * classes + label) ?? 0) / total,
    })),
  };
}

/** The wrong answers, most frequent first; of equally frequent ones those of the first class. */
export function commonestConfusions({ cells }: Confusion, most: number): ConfusionCell[] {
  return cells
    .filter(({ truth, prediction }) => truth !== prediction)
    .sort((a, b) => b.count - a.count)
    .slice(0, most);
}

/** Up to this many classes have their names at the axes, and up to half as many their numbers in the cells. */
const namedClasses = 40;

/** The layout of a matrix of so many classes, in pixels. */
function layoutOf(classNames: readonly string[]): { side: number; room: number; isNamed: boolean } {
  const isNamed = classNames.length <= namedClasses;
  const room = isNamed ? labelRoom(classNames.map(shortened), 30, 120) : 26;
  return { isNamed, room, side: Math.min(540, Math.max(120, classNames.length * 27)) };
}

/** The width in pixels at which a matrix of these classes has the page's letter size. */
export function confusionWidth(classNames: readonly string[]): number {
  const { side, room } = layoutOf(classNames);
  return side + room + 8;
}

/**
 * The matrix as a chart: a row per true class, a column per predicted one, darker for a larger share of the row. Right answers and wrong
 * ones have colours of their own.
 */
export function confusionChart(label: string, confusion: Confusion, classNames: readonly string[]): Markup {
  const n = classNames.length;
  const name = (k: number): string => shortened(classNames[k] ?? String(k));
  const { side, room, isNamed } = layoutOf(classNames);
  const totals = confusion.classes.map((own) => own.count);
  const cells = confusion.cells.map((cell) => {
    const share = cell.count / Math.max(1, totals[cell.truth] ?? 1);
    return {
      ...cell,
      // rare mistakes have to be seen too
      strength: 0.12 + 0.88 * Math.sqrt(share),
      color: cell.truth === cell.prediction ? "var(--accent)" : "var(--bad)",
      title: `${classNames[cell.truth] ?? ""}, taken for ${classNames[cell.prediction] ?? ""}: ${count(cell.count)} (${percent(share)} %)`,
    };
  });
  const numbers = n <= namedClasses / 2;
  const axis = {
    domain: classNames.map((_, k) => k),
    tickFormat: name,
    tickSize: 0,
    padding: n > 60 ? 0 : 0.06,
  };
  return chart(label, {
    width: confusionWidth(classNames),
    height: side + (isNamed ? room : 0) + 38,
    marginLeft: room,
    marginTop: 8,
    marginRight: 8,
    marginBottom: isNamed ? room + 30 : 30,
    x: {
      ...axis,
      type: "band",
      label: "taken for",
      labelAnchor: "center",
      labelArrow: "none",
      ...(isNamed ? { tickRotate: -90 } : { ticks: [] }),
      labelOffset: isNamed ? room + 16 : 22,
    },
    y: {
      ...axis,
      type: "band",
      ...(isNamed
        ? { label: null }
        : { ticks: [], label: "is", labelAnchor: "center" as const, labelArrow: "none" as const }),
    },
    marks: [
      Plot.cell(cells, {
        x: "prediction",
        y: "truth",
        fill: "color",
        fillOpacity: "strength",
        title: "title",
      }),
      ...(numbers
        ? [
            Plot.text(cells, {
              x: "prediction",
              y: "truth",
              text: (cell: ConfusionCell) => String(cell.count),
              fill: (cell: { readonly strength: number }) =>
                cell.strength > 0.62 ? "var(--page)" : "var(--text)",
            }),
          ]
        : []),
      Plot.frame({ stroke: "var(--line)" }),
    ],
    opacity: { type: "identity" },
    color: { type: "identity" },
  });
}

/** One bar per class: the share of its images that is recognised. */
export function classAccuracyChart(
  label: string,
  classes: readonly ClassAccuracy[],
  classNames: readonly string[],
): Markup {
  const rows = classes
    .filter(({ count: images }) => images > 0)
    .map((own) => ({ ...own, name: shortened(classNames[own.label] ?? String(own.label)) }));
  const room = labelRoom(
    rows.map(({ name }) => name),
    30,
    120,
  );
  return chart(label, {
    width: 300 + room,
    height: 44 + 17 * rows.length,
    marginLeft: room,
    marginRight: 38,
    marginTop: 6,
    marginBottom: 38,
    x: {
      domain: [0, 100],
      percent: true,
      ticks: [0, 50, 100],
      tickSize: 0,
      label: "recognised, %",
      labelAnchor: "center",
      labelArrow: "none",
      grid: true,
    },
    // classes may have equal names once they are shortened
    y: {
      type: "band",
      domain: rows.map((row) => row.label),
      tickFormat: (k: number) => rows.find((row) => row.label === k)?.name ?? "",
      tickSize: 0,
      label: null,
      padding: 0.25,
    },
    marks: [
      Plot.barX(rows, { x: "accuracy", y: "label", fill: "var(--accent)", fillOpacity: 0.75 }),
      Plot.text(rows, {
        x: "accuracy",
        y: "label",
        text: ({ accuracy }: ClassAccuracy) => percent(accuracy),
        textAnchor: "start",
        dx: 4,
        fill: "var(--text)",
      }),
    ],
  });
}

function shortened(name: string): string {
  return name.length > 18 ? `${name.slice(0, 17)}…` : name;
}
