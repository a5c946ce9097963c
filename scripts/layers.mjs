// The import rule: a folder imports only what stands left of it here; core never imports oal or anything of Node, and oal-web nothing but
// core, so that both run in browsers; only an engine's own files import ONNX Runtime, and only where a program starts is an engine made:
// everything below is handed one.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, dirname, sep } from "node:path";

const layers = [
  "errors",
  "random",
  "graph",
  "autodiff",
  "rewrite",
  "runtime",
  "preprocess",
  "pictures",
  "classifier",
  "metrics",
  "testing",
  "exporting",
  "nn",
  "hub",
  "data",
  "training",
  "outliers",
  "detection",
  "scoring",
  "evaluation",
  "bundle",
  "models",
  "report",
  "fitting",
  "pipeline",
  "benchmark",
  "cli",
];

/** What core takes from elsewhere: plain JavaScript that runs in browsers too. */
const browserSafe = ["ml-matrix"];

/** The folder of the engines, and who may import it. */
const engines = join("packages", "oal", "src", "runtime", "engines");
const makersOfEngines = ["testing", "bundle", "pipeline", "cli", "graph.ts"];

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

/** All violations, as sentences. */
export function checkLayers(root) {
  const problems = [];
  for (const name of ["core", "oal"]) {
    const base = join(root, "packages", name, "src");
    for (const file of sources(base)) {
      const test = file.endsWith(".test.ts");
      const from = relative(base, file).split(sep)[0];
      const text = readFileSync(file, "utf8");
      for (const [, target] of text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)) {
        const where = relative(root, file);
        if (name === "core" && !test && !target.startsWith(".") && !browserSafe.includes(target)) {
          problems.push(`${where}: browser-safe code imports ${target}`);
        }
        if (test) continue;
        const ownEngine = where.startsWith(engines + sep);
        if (target.startsWith("onnxruntime") && !ownEngine)
          problems.push(`${where}: imports ${target}; only ${engines} may`);
        if (!target.startsWith(".")) continue;
        const path = relative(root, join(dirname(file), target));
        if (path.startsWith(engines + sep) && !ownEngine && !makersOfEngines.includes(from))
          problems.push(`${where}: ${from} must not import an engine; it is handed one`);
        const to = relative(base, join(dirname(file), target)).split(sep)[0];
        if (to === undefined || to.endsWith(".js") || from.endsWith(".ts")) continue;
        if (to === "..") problems.push(`${where}: imports ${target} from outside its package`);
        else if (layers.indexOf(to) > layers.indexOf(from))
          problems.push(`${where}: ${from} must not import ${to}`);
        else if (to === "testing" && from !== "testing")
          problems.push(`${where}: only tests may import testing`);
      }
    }
  }
  for (const file of sources(join(root, "packages", "web", "src"))) {
    if (file.endsWith(".test.ts")) continue;
    const code = readFileSync(file, "utf8").replace(/\/\*[^]*?\*\//g, "");
    for (const [, target] of code.matchAll(/(?:from|import\()\s*"([^"]+)"/g))
      if (target !== "oal-core" && !target.startsWith("./"))
        problems.push(`${relative(root, file)}: what runs in a page imports ${target}`);
  }
  return problems;
}
