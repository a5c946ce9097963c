/** `oal export`: writes a model for others, and says what it is and how it differs. */
import { shortestFloat32 } from "oal-core";
import { commonCut, type StoredDetector } from "../../bundle/facts.js";
import type { Exported, ExportOptions } from "../../pipeline/exporting/exportOptions.js";
import { interruptible } from "../interrupt.js";
import { lateProgress } from "../progress.js";

/** The options of `oal export`. */
export interface ExportCommandOptions extends Pick<
  ExportOptions,
  "detectors" | "keep" | "layout" | "resize" | "precision" | "format" | "pictures" | "unknown" | "threads"
> {
  readonly output: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/**
 * Exports and prints what was written.
 *
 * @param model a run folder, a folder of `oal fit`, a model file
 * @throws what `exportModel` throws, before anything is written
 */
export async function exportCommand(
  model: string,
  { output, json, quiet, ...options }: ExportCommandOptions,
): Promise<void> {
  const { exportModel } = await import("../../pipeline/exporting/exportModel.js");
  const progress = lateProgress("export", { quiet: quiet ?? false });
  const exported = await interruptible({ resumes: false, note: (text) => progress.note(text) }, (signal) =>
    exportModel(model, output, {
      ...options,
      signal,
      onProgress: (done, total) => progress.at(done, total),
      onMessage: (sentence) => quiet || progress.note(sentence),
    }),
  ).finally(() => progress.close());
  process.stdout.write(json ? `${JSON.stringify(jsonOf(exported), null, 2)}\n` : `${textOf(exported)}\n`);
}

/** Version of the JSON that `oal export --json` prints. */
const exportFormat = "oal.export/1";

function jsonOf({ path, files, bytes, facts, changes }: Exported): Record<string, unknown> {
  return {
    format: exportFormat,
    path,
    files,
    bytes,
    input: facts.input,
    preprocessing: facts.preprocessing,
    classes: facts.classNames.length,
    decides: facts.decides,
    detectors: facts.detectors.map(({ id, outputs, decision }) => {
      const { target, kept, count } = decision;
      const cut = commonCut(decision);
      return { id, outputs, target, kept, count, cut: cut === null ? null : shortestFloat32(cut) };
    }),
    notes: facts.notes,
    changes: changes ?? null,
  };
}

function textOf({ path, files, bytes, facts }: Exported): string {
  const decider = facts.detectors.find(({ id }) => id === facts.decides);
  const percent = (share: number): string => `${Number((100 * share).toFixed(2))} %`;
  const others = facts.detectors.filter(({ id }) => id !== facts.decides).map(({ id }) => id);
  return [
    `${path}: ${sizeOf(bytes)}${files.length > 1 ? ` in ${files.length} files` : ""}, ${facts.classNames.length} classes, ${takes(facts)}`,
    ...(decider
      ? [
          `decides by ${decider.id}: known from ${cutOf(decider)} on, which is to keep ${percent(decider.decision.target)} of the known pictures (${percent(decider.decision.kept)} of ${decider.decision.count} calibration pictures)`,
        ]
      : []),
    ...(others.length > 0 ? [`holds ${others.join(", ")} besides`] : []),
  ].join("\n");
}

function cutOf({ decision }: StoredDetector): string {
  const cut = commonCut(decision);
  return cut === null ? "a cut for every predicted class" : String(shortestFloat32(cut));
}

function takes({
  input: { layout, resizing, height, width },
  preprocessing: { crop },
}: Exported["facts"]): string {
  const order = layout.toUpperCase();
  if (resizing === "free") return `takes pictures of any size (${order}) and resizes them`;
  if (resizing === "fixed") return `takes pictures of ${height}x${width} (${order}) and resizes them`;
  return `takes pictures of ${crop}x${crop} (${order})`;
}

function sizeOf(bytes: number): string {
  return bytes < 950_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
