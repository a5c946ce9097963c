// `npm run docs`: the API pages in docs/api (not committed), made by typedoc with a TypeScript of its own (tools/docs), because typedoc
// refuses the one that compiles oal.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const tools = join(root, "tools", "docs");
const run = (program, args, cwd) => {
  const { status } = spawnSync(program, args, { cwd, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};

if (!existsSync(join(tools, "node_modules", "typedoc"))) run("npm", ["ci"], tools);
run(
  process.execPath,
  [join(tools, "node_modules", "typedoc", "bin", "typedoc"), ...process.argv.slice(2)],
  tools,
);
