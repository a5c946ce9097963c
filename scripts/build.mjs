// Compiles both packages (incremental; about a second when nothing changed).
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const result = spawnSync(process.execPath, [compiler, "-b", "tsconfig.json"], {
  cwd: root,
  stdio: "inherit",
});
process.exit(result.status ?? 1);
