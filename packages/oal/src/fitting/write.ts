/** A fit written into its folder: model file, report, and last of all fit.json. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { float32Tensor, isOalError, oalError, uint8Tensor, type Engine, type Tensor } from "oal-core";
import type { BundleFacts } from "../bundle/facts.js";
import { writeBundle } from "../bundle/write.js";
import { foreignFileIn } from "../runtime/foreignFile.js";
import { makeFolder } from "../runtime/makeFolder.js";
import { writeError } from "../runtime/systemError.js";
import { tryFolder } from "../runtime/tryFolder.js";
import { writeFileWhole } from "../runtime/writeFile.js";
import type { Fit } from "./fit.js";
import { fitFile, fittedModelIn } from "./folder.js";
import { readAgain } from "./pictures.js";
import { renderFitReport } from "./report.js";
import type { FitResult } from "./result.js";
import type { Summary } from "./summarise.js";
import { thumbnailsOf } from "./thumbnails.js";

/** Pictures that the written model file is run with. */
const checkedPictures = 4;

/**
 * Refuses a folder that is neither new nor empty nor that of an earlier fit, and one in which nothing can be made.
 *
 * @throws OAL-E255, OAL-I101
 */
export async function refuseOtherFolder(folder: string): Promise<void> {
  let file: string | undefined;
  try {
    file = await foreignFileIn(folder, { isOwn: (names) => names.includes(fitFile) });
    if (file === undefined) await tryFolder(folder);
  } catch (error) {
    throw writeError(folder, error);
  }
  if (file !== undefined) throw oalError("OAL-E255", { path: folder, file });
}

/** What is written. */
export interface WrittenFit {
  readonly folder: string;
  readonly fit: Fit;
  readonly summary: Summary;
  /** ISO time for the report. */
  readonly finished: string;
}

/**
 * Writes a fit. The model file is run after it was written, and must say what was measured. A model of another name that an earlier fit
 * left in the folder goes once the new one and its fit.json are there.
 *
 * @returns what the model file says of itself
 * @throws OAL-I145 when it does not, OAL-I101 when the folder cannot be written
 */
export async function writeFit(
  engine: Engine,
  { folder, fit, summary, finished }: WrittenFit,
): Promise<BundleFacts> {
  const { result } = summary;
  const { model } = fit.subject;
  const { images, expected } = await checkOf(fit, result);
  const earlier = modelBefore(folder);
  const facts = await guarded(folder, async () => {
    await makeFolder(folder);
    return writeBundle(
      join(folder, result.files.model),
      {
        version: result.version,
        name: result.name,
        preprocessing: model.preprocessing,
        classNames: [...result.known.classNames],
        decides: result.decides,
        ingredients: [
          ...model.ingredients,
          {
            role: "data",
            name: "known pictures",
            licence: "none stated",
            origin: result.known.path,
          },
        ],
        notes: {
          "made by": `oal fit: ${result.known.sentence}`,
          calibration: result.calibration.sentences.join(" "),
        },
        classifier: fit.heads.classifier(fit.source)(),
        detectors: summary.detectors,
      },
      { engine, images, expected },
    );
  });
  const { known, unknown } = summary.edges;
  const made = await thumbnailsOf([...known, ...unknown], model.preprocessing);
  const page = renderFitReport(
    result,
    { known: known.map(({ hash }) => made.get(hash)), unknown: unknown.map(({ hash }) => made.get(hash)) },
    finished,
  );
  await guarded(folder, async () => {
    await writeFileWhole(join(folder, result.files.report), page);
    await writeFileWhole(join(folder, fitFile), fitJson(result));
    if (earlier !== null && earlier !== join(folder, result.files.model)) await rm(earlier, { force: true });
  });
  return facts;
}

/** The model of an earlier fit in the folder; null where there is none, or none that this version knows. */
function modelBefore(folder: string): string | null {
  try {
    return fittedModelIn(folder);
  } catch (error) {
    if (isOalError(error)) return null;
    throw error;
  }
}

/** `fit.json`: numbers that JSON has not (infinite scores) as null. */
export function fitJson(result: FitResult): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}

/** Pictures, and what the written file must say of them. */
async function checkOf(
  { parts, scoring, subject }: Fit,
  { decides }: FitResult,
): Promise<{ readonly images: Tensor; readonly expected: Readonly<Record<string, Tensor>> }> {
  const { preprocessing } = subject.model;
  const set = scoring.sets.find(({ name }) => name === "calibration");
  const wanted = parts.calibration.pictures.slice(0, checkedPictures);
  const planes = await readAgain(wanted, preprocessing);
  const rows = Array.from(wanted.keys()).filter((row) => planes.has(wanted[row]?.hash ?? ""));
  if (!set || rows.length === 0)
    throw oalError("OAL-D103", { path: wanted[0]?.id ?? "", what: "the pictures are not there any more" });
  const { crop } = preprocessing;
  const pixels = new Uint8Array(rows.length * 3 * crop * crop);
  rows.forEach((row, i) =>
    pixels.set(planes.get(wanted[row]?.hash ?? "") ?? new Uint8Array(), i * 3 * crop * crop),
  );
  const classes = subject.classNames.length;
  const logits = Float32Array.from(
    rows.flatMap((row) => [...set.logits.subarray(row * classes, (row + 1) * classes)]),
  );
  const scores = Object.entries(set.confidence).map(([id, own]): [string, Tensor] => [
    id === decides ? "score" : `score.${id}`,
    float32Tensor(
      [rows.length],
      Float32Array.from(rows, (row) => own[row] ?? Number.NaN),
    ),
  ]);
  return {
    images: uint8Tensor([rows.length, 3, crop, crop], pixels),
    expected: { logits: float32Tensor([rows.length, classes], logits), ...Object.fromEntries(scores) },
  };
}

/** What the system refuses, as OAL-I101. */
async function guarded<T>(folder: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw writeError(folder, error);
  }
}
