/**
 * What a finished run shows in its folder, as files of its own: models, per-image scores, tables and report. They are
 * copied aside and then put in the place of what an earlier run left, so that the folder holds what the finished run made
 * and nothing else. Links alone would be broken by a copy to another machine; where the file system can, copies share
 * their blocks with the artifact.
 */
import { existsSync } from "node:fs";
import { constants, cp, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { sha256OfFile } from "../data/fileHashes.js";
import { changedFiles } from "./publishedFiles.js";
import type { Artifact } from "./artifact.js";
import type { RunFolder, RunRecord } from "./runFolder.js";
import type { StudentInstance } from "./seeds.js";
import { comparisonFiles } from "./stages/comparison.js";
import { evaluationFiles } from "./stages/evaluationArtifact.js";
import { reportFiles } from "./stages/report.js";
import { withClaim } from "../runtime/claims/withClaim.js";
import { writeError } from "../runtime/systemError.js";

const asidePrefix = ".publishing-";

/** What to show. */
export interface Published {
  /** Evaluation artifact by student. */
  readonly evaluations: ReadonlyMap<StudentInstance, Artifact>;
  /** Absent: the run was asked for less. Tables that it made before stay. */
  readonly comparison?: Artifact | undefined;
  /** Absent: the run was asked for less. A report that it made before stays. */
  readonly report?: Artifact | undefined;
}

/**
 * Puts a run's results into its folder and notes them in run.json.
 *
 * @throws OAL-I101 when the folder cannot be written
 */
export async function publish(run: RunFolder, published: Published): Promise<void> {
  const { evaluations, comparison, report } = published;
  const own = run.record.published;
  // tables and page with the artifact they come from
  const single: readonly { readonly name: string; readonly artifact: Artifact | undefined }[] = [
    ...Object.values(comparisonFiles).map((name) => ({ name, artifact: comparison })),
    ...Object.values(reportFiles).map((name) => ({ name, artifact: report })),
  ];
  const asked = single.flatMap(({ name, artifact }) => (artifact ? [name] : []));
  const parts = [
    ...[...evaluations.values()].flatMap((artifact) =>
      [evaluationFiles.models, evaluationFiles.scores].map((name) => ({ name, artifact })),
    ),
    { name: evaluationFiles.scores, artifact: comparison },
  ];
  if (await isShown(run.folder, own, asked, [...parts, ...single].flatMap(hashesOf))) return;
  const aside = join(run.folder, `${asidePrefix}${process.pid}`);
  await withClaim(run.store.claims, `publish ${run.folder}`, async () => {
    try {
      for (const name of await readdir(run.folder))
        if (name.startsWith(asidePrefix)) await rm(join(run.folder, name), { recursive: true, force: true });
      await mkdir(aside);
      for (const [student, { folder }] of evaluations)
        for (const part of [evaluationFiles.models, evaluationFiles.scores])
          await copyPart(join(folder, part), join(aside, part), student);
      const forms = comparison && join(comparison.folder, evaluationFiles.scores);
      if (forms !== undefined && existsSync(forms))
        await cp(forms, join(aside, evaluationFiles.scores), { recursive: true });
      for (const { name, artifact } of single)
        if (artifact) await cp(join(artifact.folder, name), join(aside, name));
      const files = await publishedFiles(aside);
      const kept = single.flatMap(({ name, artifact }) => (!artifact && name in own ? [name] : []));
      const shown = single.map(({ name }) => name).filter((name) => !kept.includes(name));
      for (const name of ["models", "scores", ...shown]) {
        await rm(join(run.folder, name), { recursive: true, force: true });
        if (Object.keys(files).some((file) => file === name || file.startsWith(`${name}/`)))
          await rename(join(aside, name), join(run.folder, name));
      }
      const before = Object.entries(own).filter(([name]) => kept.includes(name));
      await run.finish({ ...Object.fromEntries(before), ...files });
    } catch (error) {
      throw writeError(run.folder, error);
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  });
}

/** Hashes of an artifact's file, or of the files in its folder of that name. */
function hashesOf({ name, artifact }: { name: string; artifact: Artifact | undefined }): string[] {
  const files = Object.entries(artifact?.manifest.files ?? {});
  return files.flatMap(([file, { sha256 }]) =>
    file === name || file.startsWith(`${name}/`) ? [sha256] : [],
  );
}

/** Whether the folder shows what the run made, whole: then nothing has to be copied. */
async function isShown(
  folder: string,
  published: RunRecord["published"],
  asked: readonly string[],
  made: readonly string[],
): Promise<boolean> {
  const names = Object.keys(published);
  if (names.length === 0 || !asked.every((name) => names.includes(name))) return false;
  const hashes = new Set(Object.values(published).map(({ sha256 }) => sha256));
  if (!made.every((hash) => hashes.has(hash))) return false;
  return (await changedFiles(folder, published)).length === 0;
}

/**
 * Copies the models or scores of a student, whose names begin with its recipe ("oal.onnx", "oal-id.csv"); those of further seeds are
 * called after them ("oal.seed1.onnx").
 */
async function copyPart(
  from: string,
  to: string,
  { method, label }: Pick<StudentInstance, "method" | "label">,
): Promise<void> {
  const [own, shown] = [encodeURIComponent(method), encodeURIComponent(label)];
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const { name } = entry;
    const isOwn = name.startsWith(`${own}.`) || name.startsWith(`${own}-`);
    if (entry.isDirectory()) await copyPart(join(from, name), join(to, name), { method, label });
    else
      await cp(join(from, name), join(to, isOwn ? `${shown}${name.slice(own.length)}` : name), {
        mode: constants.COPYFILE_FICLONE,
      });
  }
}

async function publishedFiles(folder: string): Promise<RunRecord["published"]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files: RunRecord["published"] = {};
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const { size } = await stat(path);
    files[relative(folder, path).split(sep).join("/")] = { bytes: size, sha256: await sha256OfFile(path) };
  }
  return files;
}
