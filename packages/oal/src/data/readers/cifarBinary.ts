/**
 * The binary version of CIFAR-10 and CIFAR-100: rows of label byte(s) and 3072 bytes of red, green and blue plane. A folder with the
 * published names (or one that holds that folder), its .tar.gz, or one .bin file. The other published versions are recognised, and refused
 * with the name of the right download.
 */
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { oalError, type RgbImage } from "oal-core";
import { archiveKind, openArchive } from "../archives/archiveKind.js";
import { folderContainer } from "../pictures/folderWalk.js";
import { entriesOf, holdsBinary, NAMES, otherVersionAt, TEST, TRAIN } from "./cifarVersions.js";
import type { Container } from "./container.js";
import { fingerprintFile } from "./fingerprint.js";
import type { OpenSource, Reader, SourceItem, SourceSpec } from "./reader.js";

const PLANE = 1024;

async function refuseOtherVersion({ path }: SourceSpec): Promise<void> {
  if (/\.bin$/i.test(path)) return;
  if ((await stat(path)).isDirectory() && (await holdsBinary(path))) return;
  const other = await otherVersionAt(path);
  if (other) throw oalError("OAL-D142", { path, ...other });
}

function containerOf(spec: SourceSpec): Container {
  if (archiveKind(spec.path)) return openArchive(spec.path);
  return folderContainer(/\.bin$/i.test(spec.path) ? dirname(spec.path) : spec.path);
}

interface CifarFiles {
  readonly train: readonly string[];
  readonly test: readonly string[];
  readonly names: string | undefined;
}

/** The files of a folder or archive by part. @throws OAL-D106 when files of more than one download lie there */
async function filesOf(spec: SourceSpec): Promise<CifarFiles> {
  const paths = (await containerOf(spec).list()).filter((m) => !m.isFolder).map((m) => m.path);
  const found = (pattern: RegExp): string[] => paths.filter((path) => pattern.test(path)).sort();
  const [train, test] = [found(TRAIN), found(TEST)];
  const folders = new Set([...train, ...test].map((path) => dirname(path)));
  if (folders.size > 1) {
    const problem = `it holds CIFAR files in ${[...folders].sort().join(" and ")}; name one of these folders`;
    throw oalError("OAL-D106", { path: spec.path, problem });
  }
  const [folder] = folders;
  return { train, test, names: paths.find((path) => NAMES.test(path) && dirname(path) === folder) };
}

async function files(spec: SourceSpec): Promise<{ data: readonly string[]; names: string | undefined }> {
  await refuseOtherVersion(spec);
  if (/\.bin$/i.test(spec.path)) {
    const beside = (await entriesOf(dirname(spec.path))).find((name) => NAMES.test(name));
    return { data: [basename(spec.path)], names: beside };
  }
  const { train, test, names } = await filesOf(spec);
  return { data: spec.split === "test" ? test : train, names };
}

async function readAll(spec: SourceSpec, wanted: readonly string[]): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for await (const content of containerOf(spec).read(new Set(wanted))) {
    if ("problem" in content) throw oalError("OAL-D109", { path: content.path, problem: content.problem });
    found.set(content.path, content.bytes);
  }
  return found;
}

/** Whether rows have two labels: by the published name, else by what divides the length. */
function isHundred(path: string, length: number): boolean {
  if (/(^|\/)(train|test)\.bin$/.test(path)) return true;
  const isNamed = /(^|\/)(data_batch_\d+|test_batch)\.bin$/.test(path);
  return !isNamed && length % (2 + 3 * PLANE) === 0 && length % (1 + 3 * PLANE) !== 0;
}

/** Rows of a file; CIFAR-100 has a coarse label in front, which is left out. */
function rowsOf(
  bytes: Uint8Array,
  path: string,
  hundred: boolean,
): { row: number; label: number; count: number } {
  const label = hundred ? 1 : 0;
  const row = label + 1 + 3 * PLANE;
  if (bytes.length === 0 || bytes.length % row !== 0) {
    throw oalError("OAL-D109", {
      path,
      problem: `${bytes.length} bytes are no whole number of ${row}-byte rows`,
    });
  }
  return { row, label, count: bytes.length / row };
}

async function openCifar(spec: SourceSpec): Promise<OpenSource> {
  const { data, names } = await files(spec);
  if (spec.split !== undefined && !["train", "test"].includes(spec.split))
    throw oalError("OAL-D103", {
      path: spec.path,
      what: `there is no part "${spec.split}", only train and test`,
    });
  if (data.length === 0)
    throw oalError("OAL-D103", { path: spec.path, what: `no CIFAR file of part "${spec.split ?? "train"}"` });
  const content = await readAll(spec, names === undefined ? data : [...data, names]);
  const hundred = data.some((path) => isHundred(path, content.get(path)?.length ?? 0));
  const images: { bytes: Uint8Array; at: number; label: number; id: string }[] = [];
  for (const path of data) {
    const bytes = content.get(path) ?? new Uint8Array(0);
    const { row, label, count } = rowsOf(bytes, path, hundred);
    for (let i = 0; i < count; i++) {
      images.push({
        bytes,
        at: i * row + label + 1,
        label: bytes[i * row + label] ?? 0,
        id: `${basename(path, ".bin")}/${i}`,
      });
    }
  }
  const listed =
    names === undefined
      ? undefined
      : new TextDecoder().decode(content.get(names)).split(/\s+/).filter(Boolean);
  const classNames =
    spec.classes ?? listed ?? Array.from({ length: hundred ? 100 : 10 }, (_, i) => String(i));
  const ood = spec.labels === "ood";
  return {
    ids: images.map((image) => image.id),
    labels: Int32Array.from(images, (image) => (ood ? -1 : image.label)),
    classNames: ood ? [] : classNames,
    async *read(wanted): AsyncIterable<SourceItem> {
      for (const position of wanted) {
        const image = images[position];
        if (!image) continue;
        yield {
          position,
          id: image.id,
          label: ood ? -1 : image.label,
          pixels: fromPlanes(image.bytes, image.at),
        };
      }
      await Promise.resolve();
    },
  };
}

function fromPlanes(bytes: Uint8Array, at: number): RgbImage {
  const data = new Uint8Array(3 * PLANE);
  for (let i = 0; i < PLANE; i++) {
    for (let channel = 0; channel < 3; channel++)
      data[i * 3 + channel] = bytes[at + channel * PLANE + i] ?? 0;
  }
  return { height: 32, width: 32, data };
}

/** Reader of CIFAR's binary version. */
export const cifarBinary: Reader = {
  id: "cifarBinary",
  orientation: "apply",
  title: "CIFAR-10 or CIFAR-100, binary version",
  published: true,
  async matches({ path }) {
    if (/\.bin$/i.test(path)) return true;
    if (archiveKind(path)) return /^cifar-?100?-(binary|python|matlab)/i.test(basename(path));
    if ((await stat(path)).isDirectory() && (await holdsBinary(path))) return true;
    return (await otherVersionAt(path)) !== undefined;
  },
  async splits(spec) {
    if (/\.bin$/i.test(spec.path)) return [];
    await refuseOtherVersion(spec);
    const { train, test } = await filesOf(spec);
    return [...(train.length > 0 ? ["train"] : []), ...(test.length > 0 ? ["test"] : [])];
  },
  async fingerprint(spec) {
    await refuseOtherVersion(spec);
    return archiveKind(spec.path) || /\.bin$/i.test(spec.path)
      ? fingerprintFile(spec.path)
      : folderContainer(spec.path).fingerprint();
  },
  open: openCifar,
};
