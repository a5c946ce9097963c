/** The hashes of image lists that no protocol states: what an earlier check on this machine found, so that a list that changes is told. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { cacheFolder } from "../data/cacheFolder.js";
import { makeFolder } from "../runtime/makeFolder.js";
import { writeFileWhole } from "../runtime/writeFile.js";

/** A list as it was noted. */
export interface NotedList {
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
  /** The file. */
  readonly path: string;
  readonly #lists: Record<string, NotedList>;
  #isChanged = false;

  /** Reads the record in a folder; default: that of the cache. */
  constructor(folder = join(cacheFolder(), "benchmark")) {
    this.path = join(folder, "lists.json");
    this.#lists = readRecord(this.path);
  }

  /** What was noted of a set's list; undefined where nothing was. */
  of(protocol: string, set: string): NotedList | undefined {
    return this.#lists[nameOf(protocol, set)];
  }

  /** Notes a list, in place of what was noted before. */
  note(protocol: string, set: string, sha256: string): void {
    this.#lists[nameOf(protocol, set)] = { sha256, on: new Date().toISOString().slice(0, 10) };
    this.#isChanged = true;
  }

  /** Writes the record, where that is possible; without it the next check is the first one. */
  async save(): Promise<void> {
    if (!this.#isChanged) return;
    try {
      await makeFolder(dirname(this.path));
      const text = JSON.stringify({ format: 1, lists: this.#lists }, null, 2);
      await writeFileWhole(this.path, `${text}\n`);
      this.#isChanged = false;
    } catch {
      // a cache that cannot be written
    }
  }
}

function nameOf(protocol: string, set: string): string {
  return `${protocol} ${set}`;
}

function readRecord(path: string): Record<string, NotedList> {
  try {
    return { ...recordSchema.parse(JSON.parse(readFileSync(path, "utf8"))).lists };
  } catch {
    return {};
  }
}
