/**
 * SHA-256 of files, remembered: a file that was hashed and has since kept its inode, size and times is not hashed again. The record
 * is a convenience; without it, or when it cannot be written, files are hashed anew.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { writeFileWhole } from "../runtime/writeFile.js";

/** A file changed this soon before it was hashed could be changed again without another time: it is not remembered. */
const settledMilliseconds = 1000;

const recordSchema = z.strictObject({
  format: z.literal(1),
  files: z.record(z.string(), z.strictObject({ stamp: z.string(), sha256: z.string() })),
});

type KnownFiles = z.infer<typeof recordSchema>["files"];

/** How files are hashed. */
export interface HashOptions {
  /** Stops between two pieces of a file. */
  readonly signal?: AbortSignal | undefined;
  /** Told the bytes of every file, hashed or remembered, piece by piece. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/**
 * SHA-256 of a file's bytes, in pieces between which the process does other things.
 *
 * @param length  how many bytes from the beginning; default: all of them
 */
export async function sha256OfFile(
  path: string,
  { signal, onBytes, length = Infinity }: HashOptions & { readonly length?: number } = {},
): Promise<string> {
  const hash = createHash("sha256");
  if (length === 0) return hash.digest("hex");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, end: length - 1 })) {
    signal?.throwIfAborted();
    hash.update(chunk);
    onBytes?.(chunk.length);
  }
  return hash.digest("hex");
}

/** The hashes of files at or below a folder, with a record in that folder. */
export class FileHashes {
  readonly #record: string;
  #known: KnownFiles;
  #isChanged = false;

  /**
   * Reads the record.
   *
   * @param record  path of the record; it names files relative to its folder
   * @param afresh  hashes everything again, whatever the record says
   */
  constructor(record: string, { afresh = false }: { readonly afresh?: boolean } = {}) {
    this.#record = record;
    this.#known = afresh ? {} : readRecord(record);
  }

  /** SHA-256 of a file, from the record when the file is as it was. @throws the system's error when it cannot be read */
  async of(path: string, options: HashOptions = {}): Promise<string> {
    const name = relative(dirname(this.#record), path);
    const { stamp, modified, size } = await stampOf(path);
    const known = Object.hasOwn(this.#known, name) ? this.#known[name] : undefined;
    if (known?.stamp === stamp) {
      options.onBytes?.(size);
      return known.sha256;
    }
    const began = Date.now();
    const sha256 = await sha256OfFile(path, options);
    const isSettled = modified + settledMilliseconds < began && (await stampOf(path)).stamp === stamp;
    if (isSettled) {
      this.#known = { ...this.#known, [name]: { stamp, sha256 } };
      this.#isChanged = true;
    }
    return sha256;
  }

  /** Writes the record, where that is possible; files that are gone are left out. */
  async save(): Promise<void> {
    if (!this.#isChanged) return;
    const folder = dirname(this.#record);
    const files = Object.fromEntries(
      Object.entries(this.#known).filter(([name]) => existsSync(join(folder, name))),
    );
    try {
      await writeFileWhole(this.#record, `${JSON.stringify({ format: 1, files })}\n`);
      this.#isChanged = false;
    } catch {
      // a folder that cannot be written: the files are hashed again next time
    }
  }
}

async function stampOf(path: string): Promise<{ stamp: string; modified: number; size: number }> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const newest = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  return {
    stamp: [ino, size, mtimeNs, ctimeNs].join(" "),
    modified: Number(newest / 1_000_000n),
    size: Number(size),
  };
}

function readRecord(path: string): KnownFiles {
  try {
    return recordSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data?.files ?? {};
  } catch {
    return {};
  }
}
