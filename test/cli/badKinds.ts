/** Bad paths of every kind, made in a folder: what a file system can hold in place of what a command wants. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "oal-core";

/** One bad path, relative to the folder it was made in. */
export interface BadPath {
  readonly kind: string;
  readonly path: string;
  /** Root is stopped by nothing: it must be tried as another user. */
  readonly asNobody?: true;
}

/** Endings by which a path is taken for what it is not. */
const endings = [
  "yaml",
  "json",
  "jpg",
  "png",
  "tar",
  "tgz",
  "zip",
  "onnx",
  "safetensors",
  "npy",
  "txt",
  "bin",
];

/** A name that would turn a terminal red and write a line of its own. */
export const evilName = "a\u001b[31m\r\nb";

const drawn = new Map<string, Uint8Array>();

function random(seed: number, bytes: number): Uint8Array {
  const known = drawn.get(`${seed} ${bytes}`);
  if (known) return known;
  const made = Uint8Array.from(new Random(seed, "test/bytes").uniforms(0, bytes), (u) => u * 256);
  drawn.set(`${seed} ${bytes}`, made);
  return made;
}

/**
 * Makes all kinds.
 *
 * @param root an existing folder
 */
export function makeBadPaths(root: string): BadPath[] {
  const at = (...names: string[]): string => join(root, ...names);
  const found: BadPath[] = [];
  const add = (kind: string, path: string): void => void found.push({ kind, path });
  if (existsSync("/proc/self")) add("where no folder can be made", "/proc/oal/below");

  add("nothing", "");
  add("missing", "missing/deep");
  add("missing, with an evil name", `${evilName}.jpg`);
  add("long name", `${"x".repeat(300)}.jpg`);
  add("long path", Array.from({ length: 900 }, () => "deep").join("/"));
  writeFileSync(at("plain.txt"), "plain text\n");
  add("file in place of a folder", "plain.txt/inside");
  mkdirSync(at("empty"));
  add("empty folder", "empty");
  for (const [i, ending] of endings.entries()) {
    writeFileSync(at(`empty.${ending}`), "");
    add(`empty .${ending}`, `empty.${ending}`);
    writeFileSync(at(`random.${ending}`), random(i, 3000));
    add(`random .${ending}`, `random.${ending}`);
    mkdirSync(at(`folder.${ending}`));
    add(`folder named .${ending}`, `folder.${ending}`);
  }
  writeFileSync(at("random"), random(99, 3000));
  add("random bytes without ending", "random");

  // a folder in which a reader meets them as members
  mkdirSync(at("members", "cat"), { recursive: true });
  mkdirSync(at("members", "dog"), { recursive: true });
  mkdirSync(at("members", "cat", "dir.jpg"));
  writeFileSync(at("members", "dog", "empty.png"), "");
  writeFileSync(at("members", "dog", "random.jpg"), random(5, 999));
  if (process.platform === "win32") return found;

  const evil = join("members", "cat", `${evilName}.jpg`);
  writeFileSync(at(evil), random(6, 99));
  // a name that is not UTF-8, which only bytes can write
  const latin = Buffer.concat([
    Buffer.from(at("members", "cat", "caf")),
    Buffer.from([0xe9]),
    Buffer.from(".jpg"),
  ]);
  writeFileSync(latin, random(7, 99));
  symlinkSync("nowhere.jpg", at("members", "dog", "broken.jpg"));
  symlinkSync("..", at("members", "dog", "up"));
  // one pipe under many names: to start a program for every folder of bad paths takes longer than all the rest
  const pipe = join(root, "..", "pipe");
  if (!existsSync(pipe)) execFileSync("mkfifo", [pipe]);
  for (const name of [
    join("members", "dog", "pipe.jpg"),
    "pipe",
    "pipe.yaml",
    "pipe.jpg",
    "pipe.tar",
    "pipe.zip",
  ])
    linkSync(pipe, at(name));
  add("folder of bad members", "members");
  for (const ending of ["", ".yaml", ".jpg", ".tar", ".zip"]) {
    add(`pipe named "${ending}"`, `pipe${ending}`);
    symlinkSync(`nowhere${ending}`, at(`broken${ending}`));
    add(`broken link named "${ending}"`, `broken${ending}`);
    symlinkSync(`round${ending}`, at(`round${ending}`));
    add(`link to itself named "${ending}"`, `round${ending}`);
    symlinkSync("/dev/zero", at(`zero${ending}`));
    add(`device without end named "${ending}"`, `zero${ending}`);
  }
  add("null device", "/dev/null");
  const lock = (kind: string, path: string, locked = path): void => {
    chmodSync(at(locked), 0);
    found.push({ kind, path, asNobody: true });
  };
  for (const ending of [".yaml", ".jpg", ".tar", ".zip", ".txt"]) {
    writeFileSync(at(`locked${ending}`), "x");
    lock(`${ending} without permission`, `locked${ending}`);
  }
  mkdirSync(at("locked", "inside"), { recursive: true });
  lock("folder without permission", "locked");
  found.push({ kind: "inside a folder without permission", path: "locked/inside", asNobody: true });
  mkdirSync(at("half", "cat"), { recursive: true });
  mkdirSync(at("half", "dog"));
  lock("class folder without permission", "half", "half/dog");
  writeFileSync(at(`evil${evilName}.jpg`), random(8, 99));
  add("file with an evil name", `evil${evilName}.jpg`);
  return found;
}

/** Removes what `makeBadPaths` made, locked folders too. */
export function removeBadPaths(root: string): void {
  for (const locked of ["locked", join("half", "dog")])
    if (existsSync(join(root, locked))) chmodSync(join(root, locked), 0o700);
  rmSync(root, { recursive: true, force: true });
}
