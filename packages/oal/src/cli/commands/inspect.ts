/** `oal data inspect`: how oal would read a source, without decoding its images. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { OalError, oalError } from "oal-core";

/** Prints format, classes and counts of a source. @throws OAL-D101 when it does not exist, OAL-D106 when it is none */
export async function inspectCommand(
  path: string,
  options: { readonly list?: string; readonly json?: boolean },
): Promise<void> {
  for (const each of [path, options.list]) {
    if (each !== undefined && !existsSync(each)) throw oalError("OAL-D101", { path: each });
  }
  const { readerOf } = await import("../../data/readers/index.js");
  const spec = {
    path: resolve(path),
    name: path,
    ...(options.list === undefined ? {} : { list: resolve(options.list) }),
  };
  const reader = await readerOf(spec);
  const { ids, labels, classNames } = await reader.open(spec).catch((error: unknown) => {
    if (!(error instanceof OalError) || error.code !== "OAL-D105") throw error;
    return reader.open({ ...spec, labels: "ood" });
  });
  const counts = classNames.map(() => 0);
  let unlabelled = 0;
  for (const label of labels) {
    if (label < 0) unlabelled++;
    else counts[label] = (counts[label] ?? 0) + 1;
  }
  const classes = classNames.map((name, label) => ({ name, images: counts[label] ?? 0 }));
  const first = ids.slice(0, 3);
  if (options.json) {
    const found = { path, format: reader.id, images: ids.length, unlabelled, classes, first };
    process.stdout.write(JSON.stringify(found, null, 2) + "\n");
    return;
  }
  const width = Math.max(0, ...classNames.map((name) => name.length));
  const without = unlabelled > 0 ? `, ${unlabelled} without a class` : "";
  const lines = [
    `${path}: ${reader.title}`,
    classes.length === 0
      ? `${ids.length} images without classes: can serve as unknown images (--ood)`
      : `${ids.length} images in ${classes.length} classes${without}`,
    ...classes.map(({ name, images }) => `  ${name.padEnd(width)}  ${images}`),
    `first: ${first.join(", ")}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
