import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { OalError } from "oal-core";
import { afterAll, expect, test } from "vitest";
import { tarBytes, type TarMember, zipBytes, type ZipMember } from "../../testing/archives.js";
import { folderContainer } from "../pictures/folderWalk.js";
import type { Container } from "../readers/container.js";
import { archiveKind, openArchive } from "./archiveKind.js";

const root = mkdtempSync(join(tmpdir(), "oal-unpacked-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Entry = { readonly path: string } & (
  { readonly body: string } | { readonly link: string } | { readonly folder: true }
);

const name = fc.constantFrom(
  "a",
  "b",
  "é",
  "x.png",
  "y.PNG",
  "z.jpg",
  "note.txt",
  "photo",
  ".hidden",
  "w\\x41.png",
);
const place = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const target = fc.array(fc.oneof({ weight: 3, arbitrary: name }, fc.constantFrom("..", ".")), {
  minLength: 1,
  maxLength: 3,
});
const entry: fc.Arbitrary<Entry> = place.chain((path) =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom("one", "two", "", "\u0089PNG\r\n\u001a\n").map((body) => ({ path, body })),
    },
    { weight: 2, arbitrary: target.map((parts) => ({ path, link: parts.join("/") })) },
    { weight: 1, arbitrary: fc.constant({ path, folder: true as const }) },
  ),
);

/** Entries whose parents are no files and no links, and which come once: what a folder on disk can hold. */
function possible(entries: readonly Entry[]): Entry[] {
  const leaves = new Set<string>();
  const folders = new Set<string>();
  return entries.filter((each) => {
    const parts = each.path.split("/");
    const parents = parts.slice(0, -1).map((_, i) => parts.slice(0, i + 1).join("/"));
    if (leaves.has(each.path) || folders.has(each.path) || parents.some((parent) => leaves.has(parent)))
      return false;
    for (const parent of parents) folders.add(parent);
    ("folder" in each ? folders : leaves).add(each.path);
    return true;
  });
}

function staysIn(folder: string, path: string): boolean {
  try {
    return `${realpathSync(path)}/`.startsWith(`${folder}/`);
  } catch {
    return true;
  }
}

const bodyOf = (text: string): Buffer => Buffer.from(text, "latin1");

/** What a container tells, without what may differ: the words of problems and the identity of folders. */
async function told(container: Container): Promise<unknown> {
  const members = await container.list();
  const paths = members.filter((m) => !m.isFolder && m.skip === undefined).map((m) => m.path);
  const contents: Record<string, string> = {};
  for await (const content of container.read(new Set(paths)))
    contents[content.path] =
      "bytes" in content ? Buffer.from(content.bytes).toString("latin1") : "unreadable";
  const real = new Map<string, string>();
  for (const { path, realFolder } of members)
    if (realFolder !== undefined && !real.has(realFolder)) real.set(realFolder, path);
  const kinds = members.map(({ path, isFolder, problem, skip, head, realFolder }) => ({
    path,
    isFolder,
    problem: problem !== undefined,
    skip,
    head: head && Buffer.from(head).toString("latin1"),
    realFolder: realFolder && real.get(realFolder),
  }));
  return { kinds, contents };
}

test("a folder of any shape, its tar, tar.gz and zip are the same", async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 12 }), async (entries) => {
      const kept = possible(entries);
      const base = join(root, String(made++));
      const folder = join(base, "tree");
      mkdirSync(folder, { recursive: true });
      const tar: TarMember[] = [];
      const zip: ZipMember[] = [];
      for (const each of kept) {
        const disk = join(folder, each.path);
        mkdirSync(dirname(disk), { recursive: true });
        const { path: name } = each;
        if ("folder" in each) {
          mkdirSync(disk, { recursive: true });
          tar.push({ name: `${name}/`, type: "5" });
          zip.push({ name: `${name}/`, mode: 0o040755 });
        } else if ("link" in each) {
          symlinkSync(each.link, disk);
          tar.push({ name, type: "2", target: each.link });
          zip.push({ name, mode: 0o120777, body: each.link });
        } else {
          writeFileSync(disk, bodyOf(each.body));
          tar.push({ name, body: bodyOf(each.body) });
          zip.push({ name, mode: 0o100644, body: bodyOf(each.body) });
        }
      }
      // A folder's links may lead anywhere on the disk, an archive's may not.
      fc.pre(kept.every((each) => staysIn(folder, join(folder, each.path))));
      const bytes = tarBytes(tar);
      writeFileSync(join(base, "tree.tar"), bytes);
      writeFileSync(join(base, "tree.tgz"), gzipSync(bytes));
      writeFileSync(join(base, "tree.zip"), zipBytes(zip));
      const wanted = await told(folderContainer(folder));
      for (const archive of ["tree.tar", "tree.tgz", "tree.zip"])
        expect(await told(openArchive(join(base, archive))), archive).toEqual(wanted);
    }),
    { numRuns: 50 },
  );
});

test("hard links are files to a folder and to its tar", async () => {
  const folder = join(root, "hard");
  mkdirSync(folder);
  writeFileSync(join(folder, "1.png"), "one");
  linkSync(join(folder, "1.png"), join(folder, "2.png"));
  const path = join(root, "hard.tar");
  writeFileSync(
    path,
    tarBytes([
      { name: "1.png", body: "one" },
      { name: "2.png", type: "1", target: "1.png" },
    ]),
  );
  expect(await told(openArchive(path))).toEqual(await told(folderContainer(folder)));
});

test("whatever bytes an archive has: pictures or an error of the catalogue", async () => {
  const members = ["a/1.png", "a/2.png", "b/readme"].map((name) => ({ name, body: `body of ${name}` }));
  const tar = tarBytes([
    ...members,
    { name: "b/3.png", type: "2", target: "../a/1.png", pax: { path: "b/3.png" } },
  ]);
  const zip = zipBytes([...members, { name: "b/3.png", mode: 0o120777, body: "../a/1.png" }], {
    zip64: true,
  });
  const sound = [
    [tar, "tar"],
    [gzipSync(tar), "tgz"],
    [zip, "zip"],
    [zipBytes(members, { comment: "x" }), "zip"],
  ] as const;
  let made = 0;
  const change = fc.record({ at: fc.nat(), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sound),
      fc.array(change, { maxLength: 4 }),
      fc.option(fc.nat(), { freq: 3 }),
      async ([bytes, ending], changes, cut) => {
        const wrong = Buffer.from(bytes);
        for (const { at, byte } of changes) wrong[at % wrong.length] = byte;
        const path = join(root, `wrong-${made++}.${ending}`);
        writeFileSync(path, cut === null ? wrong : wrong.subarray(0, cut % wrong.length));
        try {
          archiveKind(path);
          await told(openArchive(path));
        } catch (error) {
          expect(error).toBeInstanceOf(OalError);
          expect(error).toMatchObject({ code: expect.stringMatching(/^OAL-D1(09|30|31|32)$/) });
        }
      },
    ),
    { numRuns: 150 },
  );
});
