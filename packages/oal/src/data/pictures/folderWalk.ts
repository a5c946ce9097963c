/**
 * A user's folder: the one walk through it, and its files read. Symbolic links to files and folders are followed, a link back to a folder above ends there, hidden
 * entries are left out, and nothing but regular files is ever opened.
 */
import { createHash } from "node:crypto";
import { type BigIntStats, constants, type Dirent } from "node:fs";
import { open, readdir, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { oalError } from "oal-core";
import { notRegular } from "../../runtime/notRegular.js";
import { largeProblem, MAX_PICTURE_BYTES } from "../archives/limits.js";
import type { Container, Member } from "../readers/container.js";
import { classifyFile, headLength, isHidden, needsHead } from "./kinds.js";
import { nameOfText, textOfName } from "./rawName.js";

/** Ways over links that may lead to one real folder; more are not walked, so that links between folders cannot multiply without end. */
const MOST_WAYS = 16;

/** A file's location for the system's calls: `root` with a member's path below it. */
export function locate(root: string, path: string): string | Buffer {
  const name = nameOfText(path);
  if (typeof name === "string") return join(root, name);
  return Buffer.concat([Buffer.from(root), Buffer.from("/"), name]);
}

/** A short reason out of a thrown value, without paths. */
export function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? error.code : undefined;
  const known: Readonly<Record<string, string>> = {
    ENOENT: "no such file",
    EACCES: "permission denied",
    EPERM: "permission denied",
    ELOOP: "a link that leads to itself",
    ENOTDIR: "no folder",
    EISDIR: "a folder, not a file",
    ENAMETOOLONG: "its path is too long",
    EIO: "the disk cannot read it",
    ERR_FS_FILE_TOO_LARGE: "larger than 2 GiB",
  };
  const found = typeof code === "string" ? known[code] : undefined;
  return found ?? error.message.split("\n")[0] ?? error.name;
}

/**
 * What lies directly in a folder, sorted by name, hidden entries too; links are followed, a broken one is no folder.
 *
 * @throws OAL-D121 when the folder cannot be read
 */
export async function folderEntries(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  const found = await listed(folder, folder);
  return Promise.all(
    found.map(async ({ name, entry }) => {
      if (!entry.isSymbolicLink()) return { name, isFolder: entry.isDirectory() };
      const target = await stat(locate(folder, name)).catch(() => undefined);
      return { name, isFolder: target?.isDirectory() ?? false };
    }),
  );
}

async function listed(
  location: string | Buffer,
  shown: string,
): Promise<{ name: string; entry: Dirent<Buffer> }[]> {
  try {
    const entries = await readdir(location, { withFileTypes: true, encoding: "buffer" });
    return entries
      .map((entry) => ({ entry, name: textOfName(entry.name) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw oalError("OAL-D121", { path: shown, problem: problemOf(error) }, error);
  }
}

/**
 * The bytes of a regular file of at most MAX_PICTURE_BYTES. A pipe or device is never opened: it would block.
 *
 * @throws Error with the reason as its message
 */
export async function readRegularFile(location: string | Buffer): Promise<Uint8Array> {
  return withRegularFile(location, async (file) => {
    const { size } = await file.stat();
    if (size > MAX_PICTURE_BYTES) throw new Error(largeProblem(size));
    return new Uint8Array(await file.readFile());
  });
}

async function withRegularFile<T>(
  location: string | Buffer,
  use: (file: Awaited<ReturnType<typeof open>>) => Promise<T>,
): Promise<T> {
  const problem = notRegular(await stat(location));
  if (problem !== undefined) throw new Error(problem);
  // Without waiting: a pipe that took the file's place meanwhile must not hold the program.
  const file = await open(location, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** The first bytes of a regular file. @throws Error with the reason as its message */
export async function headOf(location: string | Buffer): Promise<Uint8Array> {
  return withRegularFile(location, async (file) => {
    const head = new Uint8Array(headLength);
    const { bytesRead } = await file.read(head, 0, headLength, 0);
    return head.subarray(0, bytesRead);
  });
}

/**
 * Everything below a folder, parents before children, in the order of names. A real folder that several links lead to is listed once for
 * each (with equal `realFolder`), but not below itself.
 *
 * @throws OAL-D121 when a folder cannot be read
 */
export async function walkFolder(root: string): Promise<Member[]> {
  const members: Member[] = [];
  const ways = new Map<string, number>();
  const walk = async (below: string, above: ReadonlySet<string>, viaLink: boolean): Promise<void> => {
    const location = below === "" ? root : locate(root, below);
    const shown = below === "" ? root : join(root, below);
    for (const { entry, name } of await listed(location, shown)) {
      if (isHidden(name)) continue;
      const path = below === "" ? name : `${below}/${name}`;
      if (entry.isFile()) members.push(await fileMember(root, path));
      else await follow(path, above, viaLink || entry.isSymbolicLink());
    }
  };
  /** Anything but a plain file: a folder, a link, a pipe. */
  const follow = async (path: string, above: ReadonlySet<string>, viaLink: boolean): Promise<void> => {
    const location = locate(root, path);
    let found: BigIntStats;
    try {
      found = await stat(location, { bigint: true });
    } catch (error) {
      members.push({ path, isFolder: false, problem: await brokenLink(location, error) });
      return;
    }
    const realFolder = identity(found);
    if (!found.isDirectory()) {
      const problem = notRegular(found);
      if (problem === undefined) members.push(await fileMember(root, path));
      else members.push(specialMember(path, problem));
    } else if (above.has(realFolder))
      members.push({ path, isFolder: false, skip: "link to a folder above it" });
    else {
      const way = (ways.get(realFolder) ?? 0) + 1;
      ways.set(realFolder, way);
      members.push({ path, isFolder: true, realFolder, ...(viaLink ? { viaLink } : {}) });
      if (!viaLink || way <= MOST_WAYS) await walk(path, new Set([...above, realFolder]), viaLink);
    }
  };
  let own: string;
  try {
    own = identity(await stat(root, { bigint: true }));
  } catch (error) {
    throw oalError("OAL-D121", { path: root, problem: problemOf(error) }, error);
  }
  await walk("", new Set([own]), false);
  return members;
}

/** Device and number of a real folder. */
function identity({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

async function fileMember(root: string, path: string): Promise<Member> {
  if (!needsHead(path)) return { path, isFolder: false };
  try {
    return { path, isFolder: false, head: await headOf(locate(root, path)) };
  } catch (error) {
    return { path, isFolder: false, problem: problemOf(error) };
  }
}

/** A pipe, socket or device: an unreadable picture where its name says picture, else nothing of interest. */
function specialMember(path: string, problem: string): Member {
  return classifyFile(path).is === "picture"
    ? { path, isFolder: false, problem }
    : { path, isFolder: false, skip: "pipe, socket or device" };
}

async function brokenLink(location: string | Buffer, error: unknown): Promise<string> {
  const reason = problemOf(error);
  try {
    const target = textOfName(await readlink(location, { encoding: "buffer" }));
    return reason === "no such file"
      ? `a link to ${target}, which does not exist`
      : `a link to ${target}: ${reason}`;
  } catch {
    return reason;
  }
}

/** A folder on disk, walked as `walkFolder` says. */
export function folderContainer(root: string): Container {
  return {
    list: () => walkFolder(root),
    async *read(wanted) {
      for (const path of wanted) {
        try {
          yield { path, bytes: await readRegularFile(locate(root, path)) };
        } catch (error) {
          yield { path, problem: problemOf(error) };
        }
      }
    },
    async fingerprint() {
      const hash = createHash("sha256");
      for (const { path, isFolder } of await walkFolder(root))
        hash.update(await stateOf(root, path, isFolder));
      return hash.digest("hex");
    },
  };
}

/**
 * Path, size and times of a file, as text. The time of its last change in any respect is the system's own and cannot be set: two files
 * of equal names, sizes and dates, as two archives with fixed dates unpack to, differ in it.
 */
export async function stateOf(root: string, path: string, isFolder = false): Promise<string> {
  if (isFolder) return `${path}/\n`;
  try {
    const { size, mtimeMs, ctimeMs } = await stat(locate(root, path));
    return `${path} ${size} ${mtimeMs} ${ctimeMs}\n`;
  } catch {
    return `${path} missing\n`;
  }
}
