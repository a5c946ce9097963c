/** What was measured of a model, from the files beside it: a run's results, or those of `oal fit`. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import type { BundleFacts } from "../../bundle/facts.js";
import { resultsFromJson } from "../../evaluation/resultForm.js";
import { comparisonFiles } from "../stages/comparison.js";
import { fitFile } from "../../fitting/folder.js";

/** One figure, for people. */
export interface ExportFigure {
  readonly what: string;
  readonly value: string;
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/**
 * The figures of the detector that decides.
 *
 * @param file the bundle
 * @param run the run folder that it was found in, if any
 * @returns none where nothing lies beside the file
 */
export async function figuresOf(
  file: string,
  run: string | null,
  facts: Pick<BundleFacts, "name" | "decides">,
): Promise<ExportFigure[]> {
  const folder = run ?? (basename(dirname(file)) === "models" ? dirname(dirname(file)) : null);
  const results = folder === null ? null : join(folder, comparisonFiles.results);
  if (results !== null && existsSync(results)) return figuresOfRun(await readFile(results, "utf8"), facts);
  const fit = join(dirname(file), fitFile);
  return existsSync(fit) ? figuresOfFit(await readFile(fit, "utf8"), facts) : [];
}

function figuresOfRun(
  text: string,
  { name, decides }: Pick<BundleFacts, "name" | "decides">,
): ExportFigure[] {
  const result = resultsFromJson(text).find(({ model }) => model === name);
  const detector = result?.detectors.find(({ id }) => id === decides);
  if (!result || !detector) return [];
  return [
    { what: `accuracy on ${result.idCount} known test images`, value: percent(result.idAccuracy) },
    ...detector.sets.map(({ name: set, group, count, metrics }) => ({
      what: `AUROC of ${decides} against ${count} unknown images of ${set} (${group})`,
      value: percent(metrics.auroc),
    })),
  ];
}

const fitSchema = z.object({
  accuracy: z.object({ value: z.number(), count: z.number() }).nullable(),
  detectors: z.array(
    z.object({
      id: z.string(),
      sets: z.array(
        z.object({
          name: z.string(),
          kind: z.string(),
          count: z.number(),
          metrics: z.object({ auroc: z.number() }),
        }),
      ),
      leaveClassOut: z.object({ mean: z.number() }).nullable(),
    }),
  ),
});

function figuresOfFit(text: string, { decides }: Pick<BundleFacts, "decides">): ExportFigure[] {
  const parsed = fitSchema.safeParse(JSON.parse(text));
  const detector = parsed.data?.detectors.find(({ id }) => id === decides);
  if (!parsed.success || !detector) return [];
  const { accuracy } = parsed.data;
  const { sets, leaveClassOut } = detector;
  return [
    ...(accuracy
      ? [{ what: `accuracy on ${accuracy.count} known test pictures`, value: percent(accuracy.value) }]
      : []),
    ...sets.map(({ name, kind, count, metrics }) => ({
      what: `AUROC of ${decides} against ${count} ${kind === "drawn" ? "drawn pictures" : "unknown pictures"} (${name})`,
      value: percent(metrics.auroc),
    })),
    ...(leaveClassOut
      ? [
          {
            what: `AUROC of ${decides}, each known class in turn left out as the unknown one, mean`,
            value: percent(leaveClassOut.mean),
          },
        ]
      : []),
  ];
}
