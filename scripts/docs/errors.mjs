// docs/errors.md, made from the error catalogue: every code with its exit status, its sentence and what to do.
import { catalogue } from "../../packages/core/dist/errors/index.js";

const families = {
  C: ["Configuration and usage", "what was typed or configured"],
  D: ["Data", "files, folders, archives and pictures"],
  G: ["Graphs", "shapes, element types and operators"],
  R: ["Runtime", "the engine"],
  T: ["Training", "losses, methods and their settings"],
  E: ["Evaluation", "metrics, detectors and results"],
  I: ["Integrity", "run folders, artifacts and stored files"],
  X: ["Bugs", "faults of oal itself"],
};
const statuses = {
  2: "usage or configuration",
  3: "data",
  4: "graph or engine",
  5: "training",
  6: "evaluation",
  7: "integrity of stored files",
  70: "a bug of oal",
};

/** Stands for any detail of an error and reads as its name, `<path>`, wherever a sentence puts it. */
function placeholder(name) {
  const text = `<${name}>`;
  const stands = () => placeholder(name);
  return new Proxy(stands, {
    get(_target, key) {
      if (key === Symbol.toPrimitive || key === "toString" || key === "join") return () => text;
      if (key === "map" || key === "slice" || key === "filter") return () => placeholder(name);
      if (key === "length") return 2;
      if (key === Symbol.iterator) return () => [text][Symbol.iterator]();
      return placeholder(`${name}.${String(key)}`);
    },
  });
}

/** A sentence of the catalogue with its details as placeholders. */
const sentence = ({ message }) => message(new Proxy({}, { get: (_target, key) => placeholder(String(key)) }));

/** The page, as Markdown. */
export function errorsPage() {
  const lines = [
    "# Errors",
    "",
    "<!-- Made by `npm run docs:pages` from packages/core/src/errors/catalogue; a test keeps it so. -->",
    "",
    "Every error has a code that never changes its meaning, one sentence, and what to do. With `--json` the command line prints the same as",
    '`{ "error": { "code", "message", "remedy", ... } }`; in the library `isOalError(error, "OAL-D101")` narrows `details`.',
    "",
    "| exit status | what |",
    "| ----------- | ---- |",
    "| 0 | done |",
    ...Object.entries(statuses).map(([status, what]) => `| ${status} | ${what} |`),
    "| 130 | stopped by Ctrl-C; what was done is kept |",
  ];
  for (const [letter, [title, what]] of Object.entries(families)) {
    const entries = Object.entries(catalogue).filter(([code]) => code.startsWith(`OAL-${letter}`));
    if (entries.length === 0) continue;
    lines.push("", `## ${title}`, "", `OAL-${letter}: ${what}.`, "");
    for (const [code, found] of entries.toSorted(([a], [b]) => a.localeCompare(b))) {
      lines.push(`### ${code}: ${found.title}`, "", "```text", sentence(found), "```", "");
      lines.push(`What to do: ${found.remedy}. Exit status ${found.exit}.`, "");
    }
  }
  return `${lines.join("\n").trimEnd()}\n`;
}
