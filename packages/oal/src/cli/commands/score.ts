/** `oal score`: pictures through a trained model; every picture has a line, an unreadable one its reason. */
import { isUtf8 } from "node:buffer";
import { isOalError, oalError, type OalError, type ScoreResult } from "oal-core";
import { problemOf, readRegularFile } from "../../data/pictures/folderWalk.js";
import { skippedSentence } from "../../data/pictures/kinds.js";
import type { Scorer } from "../../bundle/scorer.js";
import type { GivenPath } from "../../pipeline/pictureFiles.js";
import type { DeviceChoice } from "../../runtime/engines/index.js";
import { tellBeside } from "../failure.js";
import { interruptible } from "../interrupt.js";
import { isReaderGone, wantsColor } from "../output.js";
import { lateProgress } from "../progress.js";
import { csvForm, jsonForm, jsonLinesForm, tableForm, type ScoreForm } from "./scoreForms.js";
import { byUnknown, modelSentence, reasonOf } from "./scoreTable.js";
import type { ScoreFile } from "./scoreFile.js";
import type { Review } from "./scoreReview.js";

/** The options of `oal score`. */
export interface ScoreCommandOptions {
  readonly detector?: string;
  readonly threshold?: number;
  readonly threads?: number;
  readonly device?: DeviceChoice;
  readonly top?: number;
  readonly filesFrom?: string;
  readonly skipBad?: number;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly jsonl?: boolean;
  readonly csv?: boolean;
  readonly rank?: "unknown";
  readonly thumbs?: string;
  readonly save?: string;
  readonly quiet?: boolean;
}

/**
 * Scores pictures and prints one row each, as they come where the form has rows and no order is asked for. The exit status is 3 when
 * more than `skipBad` of them cannot be read, or there are none. What was scored before a stop is printed too; rows stop with their
 * reader.
 *
 * @param model a run folder or a model file
 * @param images files, folders, archives, "-" for standard input
 * @throws what `openModel` throws, before any work; with `strict` the error of the first unreadable picture
 */
export async function scoreCommand(
  model: string,
  images: readonly string[],
  options: ScoreCommandOptions,
): Promise<void> {
  const paths = [...images, ...(await listedPaths(options.filesFrom))];
  if (paths.length === 0)
    throw oalError("OAL-C102", { command: "oal score", problem: "missing required argument 'images'" });
  const { openModel } = await import("../../pipeline/openModel.js");
  const { findPictures, standardInput } = await import("../../pipeline/pictureFiles.js");
  const { detector, threshold, threads, device, top } = options;
  const scorer = await openModel(model, {
    ...(detector === undefined ? {} : { detector }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(threads === undefined ? {} : { threads }),
    ...(device === undefined ? {} : { device }),
    onDevice: (sentence) => process.stderr.write(`${sentence}\n`),
    ...(top === undefined ? {} : { top }),
  });
  if (paths.includes(standardInput) && process.stdin.isTTY)
    process.stderr.write("waiting for a picture or an archive on standard input\n");
  const found = await findPictures(paths);
  try {
    await scoreAll(model, scorer, found, options);
  } finally {
    await scorer.release();
    await found.close();
  }
}

async function scoreAll(
  model: string,
  scorer: Scorer,
  found: Awaited<ReturnType<typeof import("../../pipeline/pictureFiles.js").findPictures>>,
  options: ScoreCommandOptions,
): Promise<void> {
  const { quiet, strict, skipBad = 0, rank, thumbs, save } = options;
  const form = formOf(model, scorer, found.skipped, options);
  const review = thumbs === undefined ? null : await beginReview(thumbs);
  const file = save === undefined ? null : await beginFile(save);
  const progress = lateProgress("score", { quiet: quiet ?? false });
  const print = (text: string): void => void (text !== "" && process.stdout.write(text));
  const failed: { id: string; error: OalError }[] = [];
  const ranked: ScoreResult[] = [];
  let done = 0;
  const finish = (): void => {
    progress.close();
    for (const result of ranked.sort(byUnknown)) print(form.row(result));
    print(form.end());
  };
  // Rows that nobody reads are of no use where they are all that is made.
  const isInVain = (): boolean => form.silent && rank === undefined && !review && !file && isReaderGone();
  // A table says below itself what every other form leaves to standard error.
  if (form.silent && !quiet) process.stderr.write(`${modelSentence(model, scorer)}\n`);
  print(form.begin());
  try {
    await interruptible({ resumes: false, note: (text) => progress.note(text) }, async (signal) => {
      const pictures = review ? review.watch(found.pictures()) : found.pictures();
      for await (const result of scorer.stream(pictures, { signal })) {
        await review?.take(result);
        file?.take(result);
        if (rank === undefined) print(form.row(result));
        else ranked.push(result);
        progress.at(++done, found.count);
        if (result.error) {
          if (strict) throw result.error;
          failed.push({ id: result.id, error: result.error });
        }
        if (isInVain()) break;
      }
    });
  } catch (error) {
    if (options.json)
      progress.close(); // the error is the document then
    else finish();
    throw error;
  }
  const skipped = skippedSentence(found.skipped);
  if (found.count === 0) {
    progress.close();
    throw oalError("OAL-D103", { path: "oal score", what: skipped ?? "nothing was given" });
  }
  finish();
  // Results are there now, and stay the only document, whatever cannot be written beside them.
  if (review) await writing(() => review.write(modelSentence(model, scorer)));
  if (file) await writing(() => file.write(scorer));
  if (skipped !== undefined) process.stderr.write(`${skipped}\n`);
  if (failed.length <= skipBad) return;
  const unread = failed.map(({ id, error }) => ({ id, problem: reasonOf(id, error) }));
  tellBeside(oalError("OAL-D110", { path: "oal score", images: unread, limit: skipBad }));
}

/** Writes a file and says what was written, or why it was not. */
async function writing(write: () => Promise<string>): Promise<void> {
  try {
    process.stderr.write(`${await write()}\n`);
  } catch (error) {
    if (!isOalError(error)) throw error;
    tellBeside(error);
  }
}

/** Thumbnails and pages are loaded for those who want them. */
async function beginReview(path: string): Promise<Review> {
  const { Review } = await import("./scoreReview.js");
  return Review.begin(path);
}

/** Writers of other forms are loaded for those who want them. */
async function beginFile(path: string): Promise<ScoreFile> {
  const { ScoreFile } = await import("./scoreFile.js");
  return ScoreFile.begin(path);
}

function formOf(
  model: string,
  scorer: Scorer,
  skipped: ReadonlyMap<string, number>,
  { json, jsonl, csv, top = 1 }: ScoreCommandOptions,
): ScoreForm {
  const asked = [json && "--json", jsonl && "--jsonl", csv && "--csv"].filter((name) => name);
  if (asked.length > 1)
    throw oalError("OAL-C102", {
      command: "oal score",
      problem: `${asked.join(" and ")} exclude each other`,
    });
  if (json) return jsonForm(model, scorer, skipped);
  if (jsonl) return jsonLinesForm();
  return csv ? csvForm(top) : tableForm(model, scorer, { color: wantsColor(process.stdout), top });
}

/** Paths in a file, one a line or with NUL bytes between them (`find -print0`); "-" is standard input. */
async function listedPaths(file: string | undefined): Promise<GivenPath[]> {
  if (file === undefined) return [];
  try {
    return namesIn(file === "-" ? await bytesOf(process.stdin) : await readRegularFile(file));
  } catch (error) {
    throw oalError("OAL-I112", { path: file, problem: problemOf(error) }, error);
  }
}

/** The names in a list: as text, and as bytes where they are none in UTF-8, as names of files may be. */
function namesIn(list: Uint8Array): GivenPath[] {
  // one character for every byte
  const text = Buffer.from(list)
    .toString("latin1")
    .replace(/^\xef\xbb\xbf/, "");
  return text
    .split(text.includes("\0") ? "\0" : /\r?\n/)
    .filter((name) => name !== "")
    .map((name) => {
      const bytes = Buffer.from(name, "latin1");
      return isUtf8(bytes) ? bytes.toString("utf8") : bytes;
    });
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
