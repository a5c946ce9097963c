/** A decoded set on disk: `set.json` beside its shard files. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { oalError } from "oal-core";
import { z } from "zod";
import { checkedIndex, hashOfSet, type ImageSet } from "./imageSet.js";
import { FileHashes, type HashOptions } from "./fileHashes.js";
import { ShardReader, verifyShards, type ShardFile } from "./shards.js";
import { writeFileWhole } from "../runtime/writeFile.js";

/** Version of the layout; part of every cache key. */
export const SET_FORMAT = 1;

const manifestSchema = z.strictObject({
  format: z.literal(SET_FORMAT),
  name: z.string(),
  height: z.int().min(1),
  width: z.int().min(1),
  /** Rows of all shards together; more than `ids` when images were passed over. */
  labels: z.array(z.int().min(-1)).min(1),
  ids: z.array(z.string()),
  classNames: z.array(z.string()),
  /** Row of every image in the shards; null when image i is row i. */
  rows: z.array(z.int().min(0)).nullable(),
  shards: z.array(z.strictObject({ file: z.string(), rows: z.int().min(1), sha256: z.string() })),
  /** Images that could not be read. */
  skipped: z.array(
    z.strictObject({
      id: z.string(),
      problem: z.string(),
      pixels: z.tuple([z.int(), z.int()]).readonly().optional(),
    }),
  ),
  /** Files of the source that are no pictures, by reason; absent when there were none. */
  passedOver: z.record(z.string(), z.int().min(1)).optional(),
  /** SHA-256 of all the other fields as written. */
  sha256: z.string(),
});

/** What `set.json` records. */
export type SetManifest = Omit<z.infer<typeof manifestSchema>, "sha256">;

function digest(manifest: SetManifest): string {
  return createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
}

/** Writes `set.json`, the last file of a set. */
export async function writeSetManifest(folder: string, manifest: SetManifest): Promise<void> {
  const text = JSON.stringify({ ...manifest, sha256: digest(manifest) });
  await writeFileWhole(join(folder, "set.json"), `${text}\n`);
}

/**
 * Reads and checks `set.json`.
 *
 * @throws OAL-D101 when the folder holds none, OAL-I103 when it is damaged
 */
export function readSetManifest(folder: string): SetManifest {
  const path = join(folder, "set.json");
  if (!existsSync(path)) throw oalError("OAL-D101", { path });
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw oalError("OAL-I103", { path, problem: "it is no JSON" }, cause);
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success)
    throw oalError("OAL-I103", { path, problem: "it does not describe an image set of this version" });
  const { sha256, ...manifest } = parsed.data;
  if (sha256 !== digest(manifest))
    throw oalError("OAL-I103", { path, problem: "its SHA-256 differs from the recorded one" });
  return manifest;
}

/**
 * Checks every shard of a decoded set against its recorded hash. Files that were checked before and have not changed since are not
 * read again: a note beside the set (verified.json) says which.
 *
 * @param options.afresh  reads every file, whatever the note says
 * @returns the set's name, and its bytes on disk
 * @throws OAL-D101 when the folder holds no set, OAL-I103 when a file is damaged
 * @cost about 1 s per GB for what was not checked before
 */
export async function verifyImageSet(
  folder: string,
  options: HashOptions & { readonly afresh?: boolean } = {},
): Promise<{ readonly name: string; readonly bytes: number }> {
  const { name, height, width, shards } = readSetManifest(folder);
  const { afresh = false, ...hashing } = options;
  const hashes = new FileHashes(join(folder, "verified.json"), { afresh });
  const rowBytes = 3 * height * width;
  try {
    await verifyShards(folder, rowBytes, shards, hashes, hashing);
  } finally {
    // of a damaged file too: what one check found out the next must not believe intact
    await hashes.save();
  }
  return { name, bytes: shards.reduce((sum, { rows }) => sum + rows * rowBytes, 0) };
}

/**
 * Opens a decoded set; its pixels stay on disk.
 *
 * @param folder  holds `set.json` and the shards
 * @param name  default: the name recorded
 * @throws OAL-D101 when the folder holds no set, OAL-I103 when set.json is damaged, or a shard missing or of another length (what is
 *   in the shards `verifyImageSet` checks)
 */
export function openImageSet(folder: string, name?: string): ImageSet {
  const manifest = readSetManifest(folder);
  const { height, width, classNames, ids, rows } = manifest;
  const size = 3 * height * width;
  const reader = new ShardReader(folder, size, manifest.shards);
  const setName = name ?? manifest.name;
  const description = { labels: Int32Array.from(manifest.labels), ids, classNames };
  const count = ids.length;
  const rowOf = (index: number | undefined): number => {
    const checked = checkedIndex(index, count, setName);
    return rows === null ? checked : (rows[checked] ?? 0);
  };
  return {
    name: setName,
    count,
    height,
    width,
    channels: 3,
    folder,
    ...description,
    contentHash: hashOfSet(pixelHashes(manifest.shards, rows), description),
    read(indices, out = new Uint8Array(indices.length * size)) {
      for (let i = 0; i < indices.length;) {
        const first = rowOf(indices[i]);
        let run = 1;
        while (i + run < indices.length && rowOf(indices[i + run]) === first + run) run++;
        reader.read(first, run, out, i * size);
        i += run;
      }
      return out.subarray(0, indices.length * size);
    },
    close: () => reader.close(),
  };
}

function pixelHashes(shards: readonly ShardFile[], rows: readonly number[] | null): string[] {
  return [...shards.map((shard) => shard.sha256), ...(rows === null ? [] : [rows.join(" ")])];
}
