/** Image folders inside .zip files, read in place through the central directory. */
import { crc32 } from "node:zlib";
import { open as openZip, type Entry, type ZipFile } from "yauzl";
import { openClassTree, splitsOf } from "./classTree.js";
import { headLength, needsHead } from "../pictures/kinds.js";
import { type Member, problemOf } from "../pictures/folderWalk.js";
import { type Container, fingerprintFile, guardArchive, type MemberContent } from "./container.js";
import type { Reader } from "./reader.js";

/** Does the name say zip? */
export function isZip(path: string): boolean {
  return /\.zip$/i.test(path);
}

function openFile(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    openZip(path, { lazyEntries: true, autoClose: false }, (error, file) =>
      error ? reject(error) : resolve(file),
    );
  });
}

function nextEntry(file: ZipFile): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (done: () => void) => (): void => {
      file.removeAllListeners();
      done();
    };
    file.once("entry", (entry: Entry) => settle(() => resolve(entry))());
    file.once(
      "end",
      settle(() => resolve(undefined)),
    );
    file.once("error", (error: Error) => settle(() => reject(error))());
    file.readEntry();
  });
}

async function* entries(path: string): AsyncIterable<{ file: ZipFile; entry: Entry }> {
  const file = await openFile(path);
  try {
    for (let entry = await nextEntry(file); entry !== undefined; entry = await nextEntry(file))
      yield { file, entry };
  } finally {
    file.close();
  }
}

function bytesOf(file: ZipFile, entry: Entry): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    file.openReadStream(entry, (error, stream) => {
      if (error) return reject(error);
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", reject);
      stream.on("end", () => {
        const bytes = Buffer.concat(chunks);
        if (crc32(bytes) === entry.crc32) resolve(bytes);
        else reject(new Error("its checksum does not match"));
      });
    });
  });
}

/** First bytes of a member without ending, or why there are none. */
async function headOf(file: ZipFile, entry: Entry): Promise<Pick<Member, "head" | "problem">> {
  try {
    return { head: (await bytesOf(file, entry)).subarray(0, headLength) };
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

/** A zip file as a container. Errors: OAL-D109 when its directory is damaged; a damaged member is reported by itself. */
export function zipContainer(path: string): Container {
  return {
    async list() {
      const members: Member[] = [];
      for await (const { file, entry } of guardArchive(path, () => entries(path))) {
        const name = entry.fileName.replace(/\/$/, "");
        const isFolder = entry.fileName.endsWith("/");
        if (isFolder || !needsHead(name)) members.push({ path: name, isFolder });
        else members.push({ path: name, isFolder, ...(await headOf(file, entry)) });
      }
      return members;
    },
    async *read(wanted) {
      async function* found(): AsyncIterable<MemberContent> {
        for await (const { file, entry } of entries(path)) {
          if (!wanted.has(entry.fileName)) continue;
          let content: MemberContent;
          try {
            content = { path: entry.fileName, bytes: await bytesOf(file, entry) };
          } catch (error) {
            content = { path: entry.fileName, problem: problemOf(error) };
          }
          yield content;
        }
      }
      yield* guardArchive(path, found);
    },
    fingerprint: () => fingerprintFile(path),
  };
}

/** Reader of class folders in zip files. */
export const zipArchive: Reader = {
  id: "zipArchive",
  version: 2,
  title: "class folders in a .zip file",
  matches: (spec) => Promise.resolve(isZip(spec.path)),
  splits: (spec) => splitsOf(zipContainer(spec.path)),
  fingerprint: (spec) => fingerprintFile(spec.path),
  open: (spec) => openClassTree(zipContainer(spec.path), spec),
};
