/** The two-dimensional map of the student's features, by kind of image and by class. */
import { legend, type LegendEntry } from "../charts/figure.js";
import { scatterChart, type ScatterLayer } from "../charts/scatter.js";
import { firstSeedNote } from "../choice.js";
import { count, GROUPS, modelTitle } from "../format.js";
import type { ReportInput } from "../input.js";
import { html, type Markup } from "../markup.js";
import { classColor, GROUP_COLORS } from "../palette.js";
import { projectFeatures, type MapPoint } from "../projection.js";
import { section, type Section } from "../section.js";
import { tabs } from "../tabs.js";

/** From back to front. */
const ORDER = ["id", "id-validation", "validation", "far", "near", "outlier"] as const;

/** The map, laid out when the report is made. */
export function mapSection(input: ReportInput): Section | null {
  const points = projectFeatures(input.features, { seed: input.seed ?? 0 });
  if (points.length === 0) return null;
  const whose = input.featureModel === undefined ? "the model" : modelTitle(input.featureModel);
  return section(
    "map",
    "Map",
    "Feature map",
    html`Penultimate features of ${whose}, laid out by UMAP (${count(points.length)} images, fixed seed).
    Neighbours in the map are neighbours in feature space; directions and the distances between far groups
    mean nothing.${firstSeedNote(input)}`,
    tabs("map", "Colour by", [
      { title: "kind", content: byKind(points) },
      { title: "class", content: byClass(points, input.classNames) },
    ]),
  );
}

function byKind(points: readonly MapPoint[]): Markup {
  const groups = ORDER.filter((group) => points.some((point) => point.group === group));
  const layers = groups.map((group): ScatterLayer => {
    const own = points.filter((point) => point.group === group);
    const isOutlier = group === "outlier";
    return {
      points: own,
      color: GROUP_COLORS[group],
      symbol: isOutlier ? "times" : "circle",
      opacity: isOutlier ? 0.9 : 0.6,
    };
  });
  const order = ["id", "id-validation", "near", "far", "validation", "outlier"] as const;
  const named = order.filter((group) => groups.includes(group));
  const keys = named.map((group): LegendEntry => {
    const sets = [...new Set(points.filter((point) => point.group === group).map((point) => point.set))];
    const names = group === "outlier" || group === "id" ? "" : ` (${sets.join(", ")})`;
    return {
      color: GROUP_COLORS[group],
      text: `${GROUPS[group]}${names}`,
      shape: group === "outlier" ? "cross" : "dot",
    };
  });
  const label = `Map of ${points.length} images: ${keys.map((key) => key.text).join(", ")}`;
  return html`<div class="map">${scatterChart(label, layers)}${legend(keys)}</div>`;
}

function byClass(points: readonly MapPoint[], classNames: readonly string[]): Markup {
  const known = points.filter((point) => point.group === "id" && point.label >= 0);
  const labels = [...new Set(known.map((point) => point.label))].sort((a, b) => a - b);
  const layers: ScatterLayer[] = [
    {
      points: points.filter((point) => point.group !== "id"),
      color: "var(--muted)",
      symbol: "circle",
      opacity: 0.22,
    },
    ...labels.map((label) => ({
      points: known.filter((point) => point.label === label),
      color: classColor(label),
      symbol: "circle" as const,
      opacity: 0.8,
    })),
  ];
  const keys = labels.slice(0, 20).map((label): LegendEntry => ({
    color: classColor(label),
    text: classNames[label] ?? `class ${label}`,
    shape: "dot",
  }));
  const rest: LegendEntry = { color: "var(--muted)", text: "everything else", shape: "dot" };
  return html`<div class="map">
    ${scatterChart(`Map of ${known.length} known images by class`, layers)}${legend([...keys, rest])}
  </div>`;
}
