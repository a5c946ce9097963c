/** What the artifacts of a run hold, to compare runs by. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** SHA-256 of every file of every artifact of a run folder, as the manifests hold them, by the artifact's name. */
export function artifactHashes(run: string): Record<string, unknown> {
  const artifacts = join(run, "artifacts");
  return Object.fromEntries(
    // the folder has notes of its own (with a dot) beside them
    readdirSync(artifacts)
      .filter((name) => !name.startsWith("."))
      .map((name) => {
        const manifest: unknown = JSON.parse(readFileSync(join(artifacts, name, "artifact.json"), "utf8"));
        const files =
          typeof manifest === "object" && manifest !== null && "files" in manifest ? manifest.files : null;
        return [name, files];
      }),
  );
}
