/** The hashes of image lists that no protocol states: what the first check on this machine found, so that a list that changes is told. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { cacheFolder } from "../data/cacheFolder.js";
import { makeFolder } from "../runtime/makeFolder.js";
import { writeFileWhole } from "../runtime/writeFile.js";

/** A list as it was first met. */
export interface FirstMet {
  readonly sha256: string;
  /** Date, as 2026-11-27. */
  readonly on: string;
}

const recordSchema = z.strictObject({
  format: z.literal(1),
  lists: z.record(z.string(), z.strictObject({ sha256: z.string(), on: z.string() })),
});

/** Hashes by protocol and set. */
export class ListRecord {
  readonly #path: string;
  readonly #lists: Record<string, FirstMet>;
  #isChanged = false;

  /** Reads the record in a folder; default: that of the cache. */
  constructor(folder = join(cacheFolder(), "benchmark")) {
    this.#path = join(folder, "lists.json");
    this.#lists = readRecord(this.#path);
  }

  /** What was first met, and whether it was met now: a hash that is not yet known is kept. */
  met(protocol: string, set: string, sha256: string): FirstMet & { readonly isNew: boolean } {
    const name = `${protocol} ${set}`;
    const known = this.#lists[name];
    if (known) return { ...known, isNew: false };
    const first = { sha256, on: new Date().toISOString().slice(0, 10) };
    this.#lists[name] = first;
    this.#isChanged = true;
    return { ...first, isNew: true };
  }

  /** Writes the record, where that is possible; without it the next check is the first one. */
  async save(): Promise<void> {
    if (!this.#isChanged) return;
    try {
      await makeFolder(dirname(this.#path));
      const text = JSON.stringify({ format: 1, lists: this.#lists }, null, 2);
      await writeFileWhole(this.#path, `${text}\n`);
      this.#isChanged = false;
    } catch {
      // a cache that cannot be written
    }
  }
}

function readRecord(path: string): Record<string, FirstMet> {
  try {
    return { ...recordSchema.parse(JSON.parse(readFileSync(path, "utf8"))).lists };
  } catch {
    return {};
  }
}
