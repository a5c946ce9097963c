/**
 * What a model says of the images of a set, computed once and kept in files: logits and features, a row for every image, in a folder
 * called by all that the numbers depend on. Rows are written as they come, with a record of which are there, so that whoever was
 * stopped goes on where it was.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { float32Data, oalError, uint8Tensor, type RowSource, type Session } from "oal-core";
import { z } from "zod";
import { FileHashes } from "../data/fileHashes.js";
import type { Preprocessing } from "../bundle/facts.js";
import { makeFolder } from "../runtime/makeFolder.js";
import { passRows } from "../runtime/passRows.js";
import { writeFileWhole } from "../runtime/writeFile.js";
import { PlaneBatch } from "./planeBatch.js";
import { rowPath, RowFile, rowsThere, RowWriter } from "./rowsInPlace.js";
import { readyPictures, ruleFor, type BenchmarkSet } from "./sets.js";

/** What is kept of every image, with the numbers in a row. */
export interface OutputWidths {
  readonly logits: number;
  /** 0 for a model that shows no features. */
  readonly features: number;
}

/** A model ready to be asked. */
export interface AskedModel {
  /** Of the file, the values that are read and the numbers before the first layer. */
  readonly key: string;
  readonly rule: Preprocessing;
  readonly widths: OutputWidths;
  /** Takes images uint8 [n, 3, S, S]; gives logits and, where there are some, features. Made when it is first asked for. */
  readonly session: () => Promise<Session>;
  /** Its file, for messages. */
  readonly path: string;
}

/** A set's rows. */
export interface KeptOutputs {
  readonly logits: RowSource;
  /** The logits once more where the model shows no features: nothing reads them then. */
  readonly features: RowSource;
  close(): void;
}

/** How to compute what is not there. */
export interface KeepOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told the images of this set that are done. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** Pictures of 32 pixels a side that go through at once; of larger ones fewer. */
const batchSize = 256;

const doneSchema = z.strictObject({
  format: z.literal(1),
  count: z.int(),
  files: z.record(z.string(), z.strictObject({ width: z.int(), sha256: z.string() })),
});

/** Folder of all rows, in that of benchmarks. */
export const outputsFolder = "outputs";

const keptTaps = ["logits", "features"] as const;

/** The rows of one set by one model, in a folder of the cache. */
export class SetOutputs {
  readonly #folder: string;
  readonly #set: BenchmarkSet;
  readonly #model: AskedModel;

  /** @param folder  holds the rows of all models and sets */
  constructor(folder: string, set: BenchmarkSet, model: AskedModel) {
    this.#folder = join(folder, outputsKey(set, model));
    this.#set = set;
    this.#model = model;
  }

  /** Images of which rows are there already; all of them when the set is done. */
  get known(): number {
    return existsSync(join(this.#folder, "set.json")) ? this.#set.ids.length : rowsThere(this.#folder).size;
  }

  /**
   * The rows, computed where they are not there.
   *
   * @throws OAL-E252 for a value that is not finite, OAL-D102, OAL-D110, OAL-D123 for unreadable pictures, OAL-I131 where the cache
   *   takes nothing
   */
  async obtain(options: KeepOptions = {}): Promise<KeptOutputs> {
    if (!(await this.#isWhole(options.signal))) {
      await this.#compute(options);
      await this.#finish(options.signal);
    }
    options.onProgress?.(this.#set.ids.length);
    return this.#open();
  }

  get #widths(): readonly (readonly [name: string, width: number])[] {
    return keptTaps.map((name) => [name, this.#model.widths[name]] as const).filter(([, width]) => width > 0);
  }

  /** Whether everything is there as it was written; what is damaged is removed, to be computed again. */
  async #isWhole(signal: AbortSignal | undefined): Promise<boolean> {
    const path = join(this.#folder, "set.json");
    if (!existsSync(path)) return false;
    const hashes = new FileHashes(join(this.#folder, "verified.json"));
    try {
      const { count, files } = doneSchema.parse(JSON.parse(readFileSync(path, "utf8")));
      if (count === this.#set.ids.length) {
        for (const [name, width] of this.#widths) {
          const told = files[name];
          if (
            told?.width !== width ||
            (await hashes.of(rowPath(this.#folder, name), { signal })) !== told.sha256
          )
            throw new Error(`${name} is damaged`);
        }
        await hashes.save();
        return true;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Error)) throw error;
    }
    await rm(this.#folder, { recursive: true, force: true });
    return false;
  }

  async #compute({ signal, onProgress }: KeepOptions): Promise<void> {
    const { rule } = this.#model;
    const session = await this.#model.session();
    await makeFolder(this.#folder);
    const done = rowsThere(this.#folder);
    const writer = new RowWriter(this.#folder, this.#set.ids.length, this.#widths);
    const batch = new PlaneBatch(
      passRows(batchSize, rule.crop),
      3 * rule.crop * rule.crop,
      (indices, planes) => this.#run(session, indices, planes, writer),
    );
    let count = done.size;
    try {
      for await (const { index, planes } of readyPictures(this.#set, rule, (i) => !done.has(i))) {
        signal?.throwIfAborted();
        await batch.add(index, planes);
        onProgress?.(++count);
      }
      await batch.finish();
    } catch (error) {
      // what was computed until now stays, whatever ended it
      await batch.finish().catch(() => undefined);
      throw error;
    } finally {
      await batch.settle();
      writer.close();
    }
  }

  async #run(
    session: Session,
    indices: readonly number[],
    planes: Uint8Array,
    writer: RowWriter,
  ): Promise<void> {
    const { crop } = this.#model.rule;
    const outputs = await session.run({
      images: uint8Tensor([indices.length, 3, crop, crop], planes),
    });
    const rows = this.#widths.map(([name, width]) => {
      const tensor = outputs[name];
      if (!tensor) throw oalError("OAL-X101", { problem: `the model gave no ${name}` });
      const data = float32Data(tensor);
      if (data.some((value) => !Number.isFinite(value)))
        throw oalError("OAL-E252", { path: this.#model.path });
      return { data, width };
    });
    writer.write(indices, rows);
  }

  async #finish(signal: AbortSignal | undefined): Promise<void> {
    const hashes = new FileHashes(join(this.#folder, "verified.json"));
    const files: Record<string, { width: number; sha256: string }> = {};
    for (const [name, width] of this.#widths)
      files[name] = { width, sha256: await hashes.of(rowPath(this.#folder, name), { signal }) };
    await hashes.save();
    const text = JSON.stringify({ format: 1, count: this.#set.ids.length, files });
    await writeFileWhole(join(this.#folder, "set.json"), `${text}\n`);
    await rm(join(this.#folder, "done"), { force: true });
  }

  #open(): KeptOutputs {
    const count = this.#set.ids.length;
    const open = this.#widths.map(([name, width]) => new RowFile(rowPath(this.#folder, name), count, width));
    const [logits, features = logits] = open;
    if (!logits || !features) throw oalError("OAL-X101", { problem: "a model without logits" });
    return { logits, features, close: () => open.forEach((file) => file.close()) };
  }
}

/** Everything that the numbers depend on. */
export function outputsKey(set: BenchmarkSet, { key, rule, widths }: Omit<AskedModel, "session">): string {
  const { maxPixels: _maxPixels, mean: _mean, std: _std, ...own } = ruleFor(set, rule);
  return createHash("sha256")
    .update(JSON.stringify([1, key, own, widths, set.fingerprint, set.ids.length]))
    .digest("hex")
    .slice(0, 32);
}
