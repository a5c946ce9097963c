/** Scores of one detector on one model, kept by all that they depend on, so that a benchmark goes on where it was stopped. */
import { createHash } from "node:crypto";
import { readFileSync, renameSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { AskedDetector } from "../evaluation/asked.js";
import { asideOf, sweepAside } from "../runtime/aside.js";
import { makeFolder } from "../runtime/makeFolder.js";
import { writeError } from "../runtime/systemError.js";
import type { DetectorScores, MeasureJob } from "./measure.js";

const values = z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.array(z.number())]));
const answer = z.strictObject({
  format: z.literal(1),
  parameters: values,
  search: z
    .strictObject({
      candidates: z.array(z.strictObject({ parameters: values, auroc: z.number() })),
    })
    .nullable(),
  warnings: z.array(z.string()),
  counts: z.array(z.int()),
  sha256: z.string(),
});

/** The scores of one detector on one model, in a folder called by all that they depend on. */
export class KeptScores {
  readonly #folder: string;
  readonly #detector: string;
  readonly #counts: readonly number[];

  constructor(
    { cache, keys, sets, search }: Pick<MeasureJob, "cache" | "keys" | "sets" | "search">,
    { detector, parameters }: AskedDetector,
  ) {
    const meaning = [
      2,
      detector.id,
      detector.version,
      parameters,
      search,
      sets.map(({ name, group }, k) => [name, group, keys[k] ?? ""]),
    ];
    const key = createHash("sha256").update(JSON.stringify(meaning)).digest("hex").slice(0, 32);
    this.#folder = join(cache, key);
    this.#detector = detector.id;
    this.#counts = sets.filter(({ group }) => group !== "train").map(({ ids }) => ids.length);
  }

  /** What was kept; null where nothing was, or something damaged. */
  read(): DetectorScores | null {
    try {
      const told = answer.parse(JSON.parse(readFileSync(join(this.#folder, "scores.json"), "utf8")));
      const bytes = readFileSync(join(this.#folder, "scores.f32"));
      if (sha256(bytes) !== told.sha256 || told.counts.join() !== this.#counts.join()) return null;
      const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      let at = 0;
      const scores = this.#counts.map((count) => all.subarray(at, (at += count)));
      const { parameters, search, warnings } = told;
      return { detector: this.#detector, parameters, search, warnings, scores };
    } catch {
      return null;
    }
  }

  async write({ parameters, search, warnings, scores }: DetectorScores): Promise<void> {
    const all = new Float32Array(scores.reduce((sum, own) => sum + own.length, 0));
    let at = 0;
    for (const own of scores) {
      all.set(own, at);
      at += own.length;
    }
    const bytes = new Uint8Array(all.buffer);
    const told = { format: 1, parameters, search, warnings, counts: this.#counts, sha256: sha256(bytes) };
    const aside = asideOf(this.#folder);
    sweepAside(this.#folder);
    try {
      await makeFolder(aside);
      await writeFile(join(aside, "scores.f32"), bytes);
      await writeFile(join(aside, "scores.json"), JSON.stringify(told));
      rmSync(this.#folder, { recursive: true, force: true });
      renameSync(aside, this.#folder);
    } catch (error) {
      rmSync(aside, { recursive: true, force: true });
      // another process was quicker, with the same scores
      if (this.read() === null) throw writeError(this.#folder, error);
    }
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
