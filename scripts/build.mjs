// Compiles the packages (incremental; about a second when nothing changed), makes the file of oal-web that pages copy, and removes what
// sources that are gone left behind.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWeb } from "./bundleWeb.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const outputs = /\.(js|d\.ts)(\.map)?$/;

/** Made from all of oal-web. */
const webFile = "oal-web.js";

for (const name of ["core", "oal", "web"]) {
  const folder = join(root, "packages", name);
  const dist = join(folder, "dist");
  for (const file of existsSync(dist) ? readdirSync(dist, { recursive: true }) : []) {
    const source = join(folder, "src", file.replace(outputs, ".ts"));
    const compiled = !file.startsWith(`testing${sep}`) && existsSync(source);
    if (outputs.test(file) && !compiled && file !== webFile) rmSync(join(dist, file));
  }
}
const result = spawnSync(process.execPath, [compiler, "-b", "tsconfig.json"], {
  cwd: root,
  stdio: "inherit",
});
if (result.status !== 0) process.exit(result.status ?? 1);
const target = join(root, "packages", "web", "dist", webFile);
const text = await bundleWeb(root);
if (!existsSync(target) || readFileSync(target, "utf8") !== text) writeFileSync(target, text);
