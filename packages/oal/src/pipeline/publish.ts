/**
 * What a finished run shows in its folder, as files of its own: models, per-image scores, tables and report. They are
 * copied aside and then put in the place of what an earlier run left, so that the folder holds what the finished run made
 * and nothing else. Links alone would be broken by a copy to another machine; where the file system can, copies share
 * their blocks with the artifact.
 */
import { constants, cp, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { sha256OfFile } from "../data/fileHashes.js";
import { changedFiles } from "./publishedFiles.js";
import type { Artifact } from "./artifact.js";
import type { RunFolder, RunRecord } from "./runFolder.js";
import { evaluationFiles } from "./stages/evaluationArtifact.js";
import { reportFiles } from "./stages/report.js";
import { withClaim } from "./store/withClaim.js";
import { writeError } from "./systemError.js";

const asidePrefix = ".publishing-";
const reportNames: readonly string[] = Object.values(reportFiles);

/** What to show. */
export interface Published {
  /** Evaluation artifact by method. */
  readonly evaluations: ReadonlyMap<string, Artifact>;
  /** Absent: the run was asked for less. A report that it made before stays. */
  readonly report?: Artifact | undefined;
}

/**
 * Puts a run's results into its folder and notes them in run.json.
 *
 * @throws OAL-I101 when the folder cannot be written
 */
export async function publish(run: RunFolder, { evaluations, report }: Published): Promise<void> {
  const own = run.record.published;
  if (await isShown(run.folder, own, report !== undefined)) return;
  const aside = join(run.folder, `${asidePrefix}${process.pid}`);
  await withClaim(run.store.claims, `publish ${run.folder}`, async () => {
    try {
      for (const name of await readdir(run.folder))
        if (name.startsWith(asidePrefix)) await rm(join(run.folder, name), { recursive: true, force: true });
      await mkdir(aside);
      for (const { folder } of evaluations.values()) {
        for (const part of [evaluationFiles.models, evaluationFiles.scores])
          await cp(join(folder, part), join(aside, part), {
            recursive: true,
            mode: constants.COPYFILE_FICLONE,
          });
      }
      if (report) for (const name of reportNames) await cp(join(report.folder, name), join(aside, name));
      const files = await publishedFiles(aside);
      const keptReport = report === undefined && reportNames.every((name) => name in own);
      for (const name of ["models", "scores", ...(keptReport ? [] : reportNames)]) {
        await rm(join(run.folder, name), { recursive: true, force: true });
        if (Object.keys(files).some((file) => file === name || file.startsWith(`${name}/`)))
          await rename(join(aside, name), join(run.folder, name));
      }
      const kept = Object.entries(own).filter(([name]) => keptReport && reportNames.includes(name));
      await run.finish({ ...Object.fromEntries(kept), ...files });
    } catch (error) {
      throw writeError(run.folder, error);
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  });
}

/** Whether the folder shows what the run made, whole: then nothing has to be copied. */
async function isShown(
  folder: string,
  published: RunRecord["published"],
  withReport: boolean,
): Promise<boolean> {
  const names = Object.keys(published);
  if (names.length === 0 || (withReport && !names.includes(reportFiles.page))) return false;
  return (await changedFiles(folder, published)).length === 0;
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
