/** IDX files of the MNIST family (plain or .gz): 8-bit grey images with a neighbouring label file. Grey becomes three equal channels. */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OalError, oalError } from "oal-core";
import { type ByteSource, plainSource, readingProblem } from "../archives/byteSource.js";
import { folderEntries } from "../pictures/folderWalk.js";
import { fingerprintFile } from "./fingerprint.js";
import type { OpenSource, Reader, SourceItem, SourceSpec } from "./reader.js";

const IMAGES = /images[-.]idx3/;

/** How the files of each part begin. */
const partPatterns: ReadonlyMap<string, RegExp> = new Map([
  ["train", /^train/],
  ["test", /^(t10k|test)/],
]);

/** The image files of a path: the file itself, or those in the folder that belong to the wanted split. */
async function imageFiles(spec: SourceSpec): Promise<string[]> {
  if (!(await stat(spec.path)).isDirectory())
    return IMAGES.test(basename(spec.path)) && isFile(spec.path) ? [spec.path] : [];
  const pattern = spec.split === undefined ? /^/ : (partPatterns.get(spec.split) ?? /(?!)/);
  const names = (await folderEntries(spec.path)).map(({ name }) => name);
  return names
    .filter((name) => IMAGES.test(name) && pattern.test(name))
    .map((name) => join(spec.path, name))
    .filter(isFile);
}

/** A regular file: a pipe would block. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

async function oneImageFile(spec: SourceSpec): Promise<string> {
  const files = await imageFiles(spec);
  const [file] = files;
  if (file === undefined)
    throw oalError("OAL-D103", {
      path: spec.path,
      what: `no IDX image file${spec.split === undefined ? "" : ` of part "${spec.split}"`}`,
    });
  if (files.length > 1) {
    const names = files.map((f) => basename(f)).join(" and ");
    throw oalError("OAL-D106", {
      path: spec.path,
      problem: `it holds ${names}; name the file, or a split (train or test)`,
    });
  }
  return file;
}

/** The label file beside an image file; undefined when there is none. */
function labelFile(images: string): string | undefined {
  const name = basename(images).replace("images", "labels").replace("idx3", "idx1");
  return [name, name.replace(/\.gz$/, ""), `${name}.gz`]
    .map((n) => join(dirname(images), n))
    .find((p) => isFile(p));
}

/**
 * Extents and payload of an IDX file of unsigned bytes. No more is expanded than the extents say.
 *
 * @throws OAL-D109 when it is no such file or does not have the bytes its extents say, OAL-D130 when it expands like a bomb
 */
async function readIdx(path: string, rank: number): Promise<{ extents: number[]; data: Uint8Array }> {
  const damaged = (problem: string, cause?: unknown): OalError =>
    oalError("OAL-D109", { path, problem }, cause);
  let source: ByteSource | undefined;
  try {
    source = await plainSource(path);
    const header = await source.read(4 + 4 * rank);
    if (header.length < 4 + 4 * rank || header.readUInt32BE(0) !== 0x800 + rank)
      throw damaged(`not an IDX file of bytes with ${rank} dimension(s)`);
    const extents = Array.from({ length: rank }, (_, i) => header.readUInt32BE(4 + 4 * i));
    const wanted = extents.reduce((product, extent) => product * extent, 1);
    const data = await source.read(wanted);
    if (data.length !== wanted) throw damaged(`${data.length} of ${wanted} bytes`);
    if ((await source.skip(1)) > 0) throw damaged(`more than the ${wanted} bytes that its extents say`);
    return { extents, data };
  } catch (error) {
    throw error instanceof OalError ? error : damaged(readingProblem(error), error);
  } finally {
    await source?.close();
  }
}

async function openIdx(spec: SourceSpec): Promise<OpenSource> {
  const path = await oneImageFile(spec);
  const { extents, data } = await readIdx(path, 3);
  const [count = 0, height = 0, width = 0] = extents;
  if (count === 0) throw oalError("OAL-D103", { path, what: "the file holds no image" });
  const ood = spec.labels === "ood";
  const labels = ood ? new Int32Array(count).fill(-1) : await readLabels(path, count);
  const classCount = ood ? 0 : labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const stem = basename(path).replace(/[-.]idx3.*$/, "");
  const ids = Array.from({ length: count }, (_, i) => `${stem}/${i}`);
  return {
    ids,
    labels,
    classNames: ood ? [] : (spec.classes ?? Array.from({ length: classCount }, (_, i) => String(i))),
    async *read(wanted): AsyncIterable<SourceItem> {
      const plane = height * width;
      for (const position of wanted) {
        const rgb = new Uint8Array(plane * 3);
        for (let i = 0; i < plane; i++) rgb.fill(data[position * plane + i] ?? 0, i * 3, i * 3 + 3);
        const pixels = { height, width, data: rgb };
        yield { position, id: ids[position] ?? "", label: labels[position] ?? -1, pixels };
      }
    },
  };
}

async function readLabels(images: string, count: number): Promise<Int32Array> {
  const path = labelFile(images);
  if (path === undefined)
    throw oalError("OAL-D106", { path: images, problem: "it has no label file beside it" });
  const { data } = await readIdx(path, 1);
  if (data.length !== count) {
    throw oalError("OAL-D109", { path, problem: `${data.length} labels for ${count} images` });
  }
  return Int32Array.from(data);
}

/** Reader of IDX files. */
export const idx: Reader = {
  id: "idx",
  orientation: "apply",
  title: "IDX files of the MNIST family",
  published: true,
  matches: async ({ split: _split, ...spec }) => (await imageFiles(spec)).length > 0,
  async splits(spec) {
    if (!(await stat(spec.path)).isDirectory()) return [];
    const parts = await Promise.all(
      [...partPatterns.keys()].map(async (split) =>
        (await imageFiles({ ...spec, split })).length > 0 ? [split] : [],
      ),
    );
    const found = parts.flat();
    return found.length > 1 ? found : [];
  },
  async fingerprint(spec) {
    const images = await oneImageFile(spec);
    const labels = labelFile(images);
    const hash = createHash("sha256").update(await fingerprintFile(images));
    if (labels !== undefined) hash.update(await fingerprintFile(labels));
    return hash.digest("hex");
  },
  open: openIdx,
};
