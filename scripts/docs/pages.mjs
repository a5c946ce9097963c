// The pages of docs that follow from the code: `npm run docs:pages` writes them; a test compares them with what is committed.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { errorsPage } from "./errors.mjs";
import { featuresPage } from "./features.mjs";
import { functionsPage } from "./functions.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Path of each page from the repository's root, and what makes it. */
/** @type {ReadonlyMap<string, () => string | Promise<string>>} */
export const pages = new Map([
  ["docs/errors.md", errorsPage],
  ["docs/functions.md", functionsPage],
  ["FEATURES.md", featuresPage],
]);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, make] of pages) writeFileSync(join(root, path), await make());
  const prettier = fileURLToPath(new URL("../../node_modules/prettier/bin/prettier.cjs", import.meta.url));
  const { status } = spawnSync(
    process.execPath,
    [prettier, "--write", "--log-level", "warn", ...pages.keys()],
    {
      cwd: root,
      stdio: "inherit",
    },
  );
  process.exitCode = status ?? 1;
}
