/** Image folders inside .tar and .tar.gz files, read in place and in one pass. */
import { createReadStream } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { openClassTree, splitsOf } from "./classTree.js";
import { headLength, needsHead } from "../pictures/kinds.js";
import type { Member } from "../pictures/folderWalk.js";
import { type Container, fingerprintFile, guardArchive } from "./container.js";
import type { Reader } from "./reader.js";

/** Does the name say tar or gzipped tar? */
export function isTar(path: string): boolean {
  return /\.(tar|tar\.gz|tgz)$/i.test(path);
}

async function* entries(path: string): AsyncIterable<ParsedTarEntry> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  // A failure of the file reaches the reader through the last stream of the pipeline.
  const plain = /gz$/i.test(path)
    ? pipeline(file, createGunzip({ chunkSize: 1 << 18 }), () => undefined)
    : file;
  const decoder = createTarDecoder({ strict: true });
  const source: ReadableStream<Uint8Array> = Readable.toWeb(plain);
  yield* source.pipeThrough(decoder);
}

/** Reads past a member. Cancelling its body would do, but in modern-tar 0.8.6 may cancel the next member's instead, which then never ends. */
async function drain(body: ParsedTarEntry["body"]): Promise<void> {
  await headOf(body);
}

/** Reads past a member and returns its first bytes. */
async function headOf(body: ParsedTarEntry["body"]): Promise<Uint8Array> {
  const head = new Uint8Array(headLength);
  let filled = 0;
  for await (const chunk of body) {
    const part = chunk.subarray(0, headLength - filled);
    head.set(part, filled);
    filled += part.length;
  }
  return head.subarray(0, filled);
}

async function bytesOf(entry: ParsedTarEntry): Promise<Uint8Array> {
  const bytes = new Uint8Array(entry.header.size);
  let filled = 0;
  for await (const chunk of entry.body) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled !== bytes.length)
    throw new Error(`${entry.header.name} ends after ${filled} of ${bytes.length} bytes`);
  return bytes;
}

/** A tar file as a container. Errors: OAL-D109 when it is damaged. */
export function tarContainer(path: string): Container {
  const clean = (name: string): string => name.replace(/^\.\//, "").replace(/\/+$/, "");
  return {
    async list() {
      async function* found(): AsyncIterable<Member> {
        for await (const { header, body } of entries(path)) {
          const isFolder = header.type === "directory";
          const path = clean(header.name);
          const head = await headOf(body);
          if (isFolder) yield { path, isFolder };
          else if (header.type === "file") yield { path, isFolder, ...(needsHead(path) ? { head } : {}) };
        }
      }
      const members: Member[] = [];
      for await (const member of guardArchive(path, found)) members.push(member);
      return members;
    },
    async *read(wanted) {
      const missing = new Set(wanted);
      async function* found(): AsyncIterable<{ path: string; bytes: Uint8Array }> {
        for await (const entry of entries(path)) {
          const name = clean(entry.header.name);
          if (!missing.delete(name)) await drain(entry.body);
          else yield { path: name, bytes: await bytesOf(entry) };
          if (missing.size === 0) return;
        }
      }
      yield* guardArchive(path, found);
    },
    fingerprint: () => fingerprintFile(path),
  };
}

/** Reader of class folders in tar files. */
export const tarArchive: Reader = {
  id: "tarArchive",
  version: 2,
  title: "class folders in a .tar or .tar.gz file",
  matches: (spec) => Promise.resolve(isTar(spec.path)),
  splits: (spec) => splitsOf(tarContainer(spec.path)),
  fingerprint: (spec) => fingerprintFile(spec.path),
  open: (spec) => openClassTree(tarContainer(spec.path), spec),
};
