/** `oal score`: pictures through a trained model, as a table or JSON. */
import { existsSync } from "node:fs";
import Table from "cli-table3";
import { oalError } from "oal-core";
import pc from "picocolors";
import type { ScoredImage } from "../../pipeline/runTypes.js";
import { interruptible } from "../interrupt.js";
import { wantsColor } from "../output.js";

/** The options of `oal score`. */
export interface ScoreCommandOptions {
  readonly detector?: string;
  readonly threshold?: number;
  readonly threads?: number;
  readonly skipBad?: number;
  readonly json?: boolean;
}

/** Scores pictures and prints one row each. @throws OAL-D101 for a path that does not exist, before any work */
export async function scoreCommand(
  model: string,
  images: readonly string[],
  { json, ...options }: ScoreCommandOptions,
): Promise<void> {
  for (const path of [model, ...images]) if (!existsSync(path)) throw oalError("OAL-D101", { path });
  const { scoreImages } = await import("../../pipeline/score.js");
  const scored = await interruptible({ resumes: false }, (signal) =>
    scoreImages(model, images, {
      ...options,
      signal,
      onSkipped: (_path, problem) => void process.stderr.write(`warning: left out: ${problem}\n`),
    }),
  );
  process.stdout.write(json ? JSON.stringify(scored, null, 2) + "\n" : scoreTable(scored));
}

function scoreTable(scored: readonly ScoredImage[]): string {
  const [first] = scored;
  if (first === undefined) return "no images found\n";
  const { green, yellow, dim } = pc.createColors(wantsColor(process.stdout));
  const table = new Table({
    head: ["image", "verdict", "label", "confidence", "score"],
    colAligns: ["left", "left", "left", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { path, label, confidence, known, score } of scored) {
    // the label of an unknown image is only the nearest class
    const sure = known ? (text: string): string => text : dim;
    const verdict = known ? green("known") : yellow("unknown");
    table.push([path, verdict, sure(label), sure(`${(100 * confidence).toFixed(1)} %`), score.toFixed(3)]);
  }
  const known = scored.filter((image) => image.known).length;
  const rule = `known: ${first.detector} score of at least ${first.threshold.toFixed(3)}`;
  return `${table.toString()}\n${known} known, ${scored.length - known} unknown (${rule})\n`;
}
