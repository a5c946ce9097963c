/**
 * What a model says of the images of a set, computed once and kept in files: logits and features, a row for every image, in a folder
 * called by all that the numbers depend on. Rows are written as they come, with a record of which are there, so that whoever was
 * stopped goes on where it was. Of several processes that want the same rows one computes them, under a claim in that folder, and the
 * others wait; nothing is written or removed without the claim.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { float32Data, isOalError, oalError, uint8Tensor, type RowSource, type Session } from "oal-core";
import { z } from "zod";
import { FileHashes } from "../data/fileHashes.js";
import type { Preprocessing } from "../bundle/facts.js";
import { tryClaim, type Claim } from "../runtime/claims/claim.js";
import { describeOwner } from "../runtime/claims/owner.js";
import { systemProblem } from "../runtime/systemError.js";
import { makeFolder } from "../runtime/makeFolder.js";
import { passRows } from "../runtime/passRows.js";
import { writeFileWhole } from "../runtime/writeFile.js";
import { PlaneBatch } from "./planeBatch.js";
import { recordName, rowPath, RowFile, rowsThere, RowWriter } from "./rowsInPlace.js";
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
  /** Told once of another process that is computing them, in words, where this one waits for it. */
  readonly onWaiting?: ((owner: string) => void) | undefined;
}

/** Milliseconds between two looks at what another process is computing. */
const lookEvery = 250;

/** Pictures of 32 pixels a side that go through at once; of larger ones fewer. */
const batchSize = 256;

const doneSchema = z.strictObject({
  format: z.literal(1),
  count: z.int(),
  files: z.record(z.string(), z.strictObject({ width: z.int(), sha256: z.string() })),
});

/** Folder of all rows, in that of benchmarks. */
export const outputsFolder = "outputs";

/** What is written last: how many rows there are, and the hashes of their files. */
const sealName = "set.json";

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
    return existsSync(join(this.#folder, sealName)) ? this.#set.ids.length : rowsThere(this.#folder).size;
  }

  /**
   * The rows, computed where they are not there.
   *
   * @throws OAL-E252 for a value that is not finite, OAL-D102, OAL-D110, OAL-D123 for unreadable pictures, OAL-I131 where the cache
   *   takes nothing
   */
  async obtain(options: KeepOptions = {}): Promise<KeptOutputs> {
    const { signal } = options;
    let isTold = false;
    while ((await this.#state(signal)) !== "whole") {
      const attempt = await this.#keeping(() => tryClaim(this.#folder, "claim"));
      if ("claim" in attempt) {
        if (await this.#make(attempt.claim, options)) break;
        continue; // it was taken over while this process was stopped
      }
      if (!isTold && attempt.owner) options.onWaiting?.(describeOwner(attempt.owner));
      isTold ||= attempt.owner !== null;
      await setTimeout(lookEvery, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
    options.onProgress?.(this.#set.ids.length);
    return this.#open();
  }

  /** Computes what is not there. @returns false where the claim was lost meanwhile, so that nothing may be said of the rows */
  async #make(claim: Claim, options: KeepOptions): Promise<boolean> {
    try {
      // the process that held the claim until now may have made them
      const state = await this.#state(options.signal);
      if (state === "whole") return true;
      if (state === "damaged") await this.#keeping(() => this.#clear());
      await this.#compute(options);
      if (!(await claim.isHeld())) return false;
      await this.#keeping(() => this.#finish(options.signal));
      return true;
    } finally {
      await claim.release();
    }
  }

  /** Does what the disk may refuse. @throws OAL-I131 in place of the system's errors */
  async #keeping<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const path = this.#folder;
      const problem = isOalError(error, "OAL-I101") ? error.details.problem : systemProblem(error);
      throw problem === undefined ? error : oalError("OAL-I131", { path, problem }, error);
    }
  }

  get #widths(): readonly (readonly [name: string, width: number])[] {
    return keptTaps.map((name) => [name, this.#model.widths[name]] as const).filter(([, width]) => width > 0);
  }

  /** Whether everything is there as it was written. */
  async #state(signal: AbortSignal | undefined): Promise<"whole" | "damaged" | "unfinished"> {
    const path = join(this.#folder, sealName);
    if (!existsSync(path)) return "unfinished";
    const hashes = new FileHashes(join(this.#folder, "verified.json"));
    try {
      const { count, files } = doneSchema.parse(JSON.parse(readFileSync(path, "utf8")));
      if (count !== this.#set.ids.length) return "damaged";
      for (const [name, width] of this.#widths) {
        const told = files[name];
        if (told?.width !== width) return "damaged";
        if ((await hashes.of(rowPath(this.#folder, name), { signal })) !== told.sha256) return "damaged";
      }
      await hashes.save();
      return "whole";
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Error)) throw error;
      return "damaged";
    }
  }

  /** Removes the rows and what is said of them; the seal first, so that nobody believes what is left. */
  async #clear(): Promise<void> {
    const rows = this.#widths.map(([name]) => rowPath(this.#folder, name));
    for (const path of [join(this.#folder, sealName), join(this.#folder, recordName), ...rows])
      await rm(path, { force: true });
  }

  async #compute({ signal, onProgress }: KeepOptions): Promise<void> {
    const { rule } = this.#model;
    const session = await this.#model.session();
    const writer = await this.#keeping(async () => {
      await makeFolder(this.#folder);
      return new RowWriter(this.#folder, this.#set.ids.length, this.#widths);
    });
    const done = rowsThere(this.#folder);
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
      await this.#keeping(() => writer.close());
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
    await this.#keeping(() => writer.write(indices, rows));
  }

  async #finish(signal: AbortSignal | undefined): Promise<void> {
    const hashes = new FileHashes(join(this.#folder, "verified.json"));
    const files: Record<string, { width: number; sha256: string }> = {};
    for (const [name, width] of this.#widths)
      files[name] = { width, sha256: await hashes.of(rowPath(this.#folder, name), { signal }) };
    await hashes.save();
    const text = JSON.stringify({ format: 1, count: this.#set.ids.length, files });
    await writeFileWhole(join(this.#folder, sealName), `${text}\n`);
    await rm(join(this.#folder, recordName), { force: true });
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
