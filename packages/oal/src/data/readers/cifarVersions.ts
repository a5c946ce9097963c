/** How the published downloads of CIFAR-10 and CIFAR-100 are told apart: by the names of their files. */
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { folderEntries } from "../pictures/folderWalk.js";

/** Training files of the binary version. */
export const TRAIN = /(^|\/)(data_batch_\d+|train)\.bin$/;
/** Test files of the binary version. */
export const TEST = /(^|\/)(test_batch|test)\.bin$/;
/** Class names of the binary version. */
export const NAMES = /(^|\/)(batches\.meta|fine_label_names)\.txt$/;

/** A published version that is not the binary one. */
interface OtherVersion {
  readonly version: "Python" | "MATLAB";
  readonly set: "CIFAR-10" | "CIFAR-100";
}

/** The version that the names of files in one folder speak for; undefined for none. */
function otherVersion(names: readonly string[]): OtherVersion | undefined {
  for (const name of names) {
    const batch = /^(?:data_batch_\d+|test_batch|batches\.meta)(\.mat)?$/.exec(name);
    if (batch) return { version: batch[1] === undefined ? "Python" : "MATLAB", set: "CIFAR-10" };
  }
  for (const [ending, version] of [
    ["", "Python"],
    [".mat", "MATLAB"],
  ] as const) {
    if (["train", "test", "meta"].every((name) => names.includes(name + ending)))
      return { version, set: "CIFAR-100" };
  }
  const archive = /^cifar-?(100?)-(python|matlab)/i.exec(names.length === 1 ? (names[0] ?? "") : "");
  if (!archive) return undefined;
  return {
    version: archive[2]?.toLowerCase() === "python" ? "Python" : "MATLAB",
    set: archive[1] === "100" ? "CIFAR-100" : "CIFAR-10",
  };
}

/** Names of the files of a folder; folders end in "/". */
export async function entriesOf(folder: string): Promise<string[]> {
  return (await folderEntries(folder)).map(({ name, isFolder }) => (isFolder ? `${name}/` : name));
}

/** The published version at a path that is not the binary one; undefined for anything else. */
export async function otherVersionAt(path: string): Promise<OtherVersion | undefined> {
  if (!(await stat(path)).isDirectory()) return otherVersion([basename(path)]);
  const names = await entriesOf(path);
  const own = otherVersion(names);
  if (own) return own;
  for (const name of names.filter((entry) => /^cifar-.*\/$/i.test(entry))) {
    const inner = otherVersion(await entriesOf(join(path, name)));
    if (inner) return inner;
  }
  return undefined;
}

/** Whether a folder, or one in it that is called as the download is, holds files of the binary version. */
export async function holdsBinary(folder: string): Promise<boolean> {
  const isBinary = (name: string): boolean => TRAIN.test(name) || TEST.test(name);
  const names = await entriesOf(folder);
  if (names.some(isBinary)) return true;
  for (const name of names.filter((entry) => /^cifar-.*\/$/i.test(entry)))
    if ((await entriesOf(join(folder, name))).some(isBinary)) return true;
  return false;
}
