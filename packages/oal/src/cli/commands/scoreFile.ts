/** The file of scores that `oal score --save` writes, for other programs and for `oal metrics`. */
import { extname } from "node:path";
import { oalError, printable, type ScoredPicture, type ScoreResult } from "oal-core";
import type { Scorer } from "../../bundle/scorer.js";
import {
  scoreFormats,
  scoresAsCsv,
  scoresAsNpz,
  scoresAsParquet,
  type ScoreFormat,
  type ScoreList,
} from "../../evaluation/scoreForms.js";
import { expectOutputFile, writeOutputFile } from "../outputFile.js";

/** A file that is being gathered. */
export class ScoreFile {
  readonly #path: string;
  readonly #format: ScoreFormat;
  readonly #scored: ScoredPicture[] = [];

  private constructor(path: string, format: ScoreFormat) {
    this.#path = path;
    this.#format = format;
  }

  /** @throws OAL-C102 for an ending that names no form, OAL-I101 when no file can be there; before any work is done */
  static async begin(path: string): Promise<ScoreFile> {
    const ending = extname(path).slice(1).toLowerCase();
    const format = scoreFormats.find((each) => each === ending);
    if (format === undefined)
      throw oalError("OAL-C102", {
        command: "oal score",
        problem: `--save ${path} must end in ${scoreFormats.map((each) => `.${each}`).join(" or ")}, which names its form`,
      });
    await expectOutputFile(path);
    return new ScoreFile(path, format);
  }

  /** Takes what was said of the next picture; one that could not be read has no score. */
  take(result: ScoreResult): void {
    if (!result.error) this.#scored.push(result);
  }

  /** Writes the file. @returns what was written, in a sentence */
  async write({ detector }: Pick<Scorer, "detector">): Promise<string> {
    const list: ScoreList = {
      ids: this.#scored.map(({ id }) => id),
      labels: null,
      predictions: Int32Array.from(this.#scored, ({ classIndex }) => classIndex),
      columns: new Map([[detector, Float32Array.from(this.#scored, ({ score }) => score)]]),
    };
    await writeOutputFile(this.#path, await contentOf(this.#format, list, detector));
    const count = this.#scored.length;
    return `${printable(this.#path)}: ${detector} score and class of ${count === 1 ? "1 picture" : `${count} pictures`}; what they are is not said in it (oal metrics --id FILE --ood FILE says it)`;
  }
}

async function contentOf(
  format: ScoreFormat,
  list: ScoreList,
  detector: string,
): Promise<string | Uint8Array> {
  if (format === "csv") return scoresAsCsv(list);
  return format === "parquet" ? scoresAsParquet(list) : scoresAsNpz(list, list.columns.get(detector) ?? []);
}
