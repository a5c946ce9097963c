// node bench/tables.mjs PLACE RESULTS.json: writes the tables of one place of docs/benchmarks.md from results kept in bench/results.
// Nothing between a place's two marks is written by hand.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { markdown } from "./harness/tables.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const results = join(root, "bench", "results");
const page = join(root, "docs", "benchmarks.md");
const marked = /<!-- measured on ([\w-]+): (\S+) -->[^]*?<!-- end of \1 -->/g;

/** Places of a page, and the results file of each. */
export function placesOf(text) {
  return new Map([...text.matchAll(marked)].map(([, place, file]) => [place, file]));
}

/**
 * The page with its tables made anew.
 *
 * @param other results files by place that replace the page's own
 */
export async function pageOf(text, other = {}) {
  const made = text.replace(marked, (whole, place, own) => {
    const file = other[place] ?? own;
    if (file === "nothing") return whole;
    const measured = JSON.parse(readFileSync(join(results, file), "utf8"));
    return `<!-- measured on ${place}: ${file} -->\n\n${markdown(measured)}\n\n<!-- end of ${place} -->`;
  });
  return format(made, { ...(await resolveConfig(page)), parser: "markdown" });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [place, file] = process.argv.slice(2);
  const text = readFileSync(page, "utf8");
  const places = [...placesOf(text).keys()];
  if (!places.includes(place) || file === undefined) {
    console.error(`node bench/tables.mjs PLACE RESULTS.json, with PLACE one of: ${places.join(", ")}`);
    process.exit(2);
  }
  writeFileSync(page, await pageOf(text, { [place]: basename(file) }));
  console.log(`docs/benchmarks.md, ${place}: tables of bench/results/${basename(file)}`);
}
