// The cases: every file in bench/cases is one, under its file's name.
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const folder = new URL("../cases/", import.meta.url);

/** All cases by name, in the order in which they are run and told. */
export async function allCases() {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".mjs"))
    .sort();
  const loaded = await Promise.all(
    files.map(async (file) => {
      const url = new URL(file, folder);
      const { default: benchCase } = await import(url.href);
      return { name: basename(file, ".mjs"), file: fileURLToPath(url), benchCase };
    }),
  );
  return loaded.toSorted((a, b) => place(a) - place(b));
}

/** Kinds of cases in the order of a page: the first word of a name. */
export const kinds = [
  ["step", "Training steps"],
  ["oal", "What outlier-aware learning adds to a step"],
  ["loading", "Data loading"],
  ["inference", "Inference"],
  ["search", "Search, metrics and boundary sampling"],
  ["pictures", "Pictures"],
  ["growth", "Growth"],
  ["start", "Start-up"],
];

/** The kind that a case's name begins with. */
export function kindOf(name) {
  return kinds.find(([kind]) => name.startsWith(kind)) ?? [name, "Others"];
}

function place({ name }) {
  const found = kinds.findIndex(([kind]) => name.startsWith(kind));
  return found < 0 ? kinds.length : found;
}
