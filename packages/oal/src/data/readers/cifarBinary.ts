/**
 * The binary version of CIFAR-10 and CIFAR-100: rows of label byte(s) and 3072 bytes of red, green and blue plane. A folder with the
 * published names, its .tar.gz, or one .bin file.
 */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { oalError, type RgbImage } from "oal-core";
import { type Container, fingerprintFile, folderContainer } from "./container.js";
import type { OpenSource, Reader, SourceItem, SourceSpec } from "./reader.js";
import { isTar, tarContainer } from "./tarArchive.js";

const TRAIN = /(^|\/)(data_batch_\d+|train)\.bin$/;
const TEST = /(^|\/)(test_batch|test)\.bin$/;
const NAMES = /(^|\/)(batches\.meta|fine_label_names)\.txt$/;
const PLANE = 1024;

function containerOf(spec: SourceSpec): Container {
  if (isTar(spec.path)) return tarContainer(spec.path);
  return folderContainer(/\.bin$/i.test(spec.path) ? dirname(spec.path) : spec.path);
}

async function files(spec: SourceSpec): Promise<{ data: string[]; names: string | undefined }> {
  const paths = (await containerOf(spec).list()).filter((m) => !m.isFolder).map((m) => m.path);
  const names = paths.find((path) => NAMES.test(path));
  if (/\.bin$/i.test(spec.path)) return { data: [basename(spec.path)], names };
  const pattern = spec.split === "test" ? TEST : TRAIN;
  return { data: paths.filter((path) => pattern.test(path)).sort(), names };
}

async function readAll(spec: SourceSpec, wanted: readonly string[]): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for await (const content of containerOf(spec).read(new Set(wanted))) {
    if ("problem" in content) throw oalError("OAL-D109", { path: content.path, problem: content.problem });
    found.set(content.path, content.bytes);
  }
  return found;
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
  if (data.length === 0) throw oalError("OAL-D103", { path: spec.path, what: "no CIFAR file of this split" });
  const content = await readAll(spec, names === undefined ? data : [...data, names]);
  const hundred = data.some((path) => /(^|\/)(train|test)\.bin$/.test(path));
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
  const wrong = images.find((image) => image.label >= classNames.length);
  if (wrong) {
    const details = {
      where: `${spec.path}, ${wrong.id}`,
      label: String(wrong.label),
      classes: classNames.length,
    };
    throw oalError("OAL-D108", details);
  }
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
  title: "CIFAR-10 or CIFAR-100, binary version",
  async matches(spec) {
    if (/\.bin$/i.test(spec.path)) return true;
    if (isTar(spec.path)) return /cifar-?100?-binary/i.test(basename(spec.path));
    if (!(await stat(spec.path)).isDirectory()) return false;
    return (await readdir(spec.path)).some((name) => TRAIN.test(name) || TEST.test(name));
  },
  fingerprint: (spec) =>
    isTar(spec.path) || /\.bin$/i.test(spec.path)
      ? fingerprintFile(spec.path)
      : folderContainer(spec.path).fingerprint(),
  open: openCifar,
};
