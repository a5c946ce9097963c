// packages/web/dist/oal-web.js: oal-web and what it uses of oal-core as one file without imports, to be copied beside a page.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

/**
 * What a page does without: the catalogue of errors but for the few that can happen there; the checks of arguments, which are for
 * strangers who call functions of the library, whereas here our own code calls them; and what makes names safe for terminals.
 */
const catalogueFile = "core/src/errors/catalogue/index.ts";
const checksFile = "core/src/errors/arguments.ts";
const noChecks = `
export const kinds = {};
export function kind() {}
export function expectArguments() {}
export function describeValue() {}
`;
const printableFile = "core/src/errors/printable.ts";
const asItIs =
  "export const printable = (text) => text; export const printableDetails = (details) => details;";

/** Replaces files by source texts. */
const instead = (texts) => ({
  name: "instead",
  load(id) {
    const file = Object.keys(texts).find((each) => id.replaceAll("\\", "/").endsWith(each));
    return file === undefined ? null : texts[file];
  },
});

/** Sentences of some codes as source text; they are functions of their details alone. */
async function catalogueOf(root, codes) {
  const path = join(root, "packages", "core", "dist", "errors", "catalogue", "index.js");
  const { catalogue } = await import(pathToFileURL(path).href);
  const entries = codes.map((code) => {
    const { exit, message } = catalogue[code];
    return `${JSON.stringify(code)}: entry(${exit}, ${message.toString()})`;
  });
  const entry = `const entry = (exit, message) => ({ exit, message, remedy: "see docs/errors.md" });`;
  return `${entry} export const catalogue = { ${entries.join(",\n")} };`;
}

async function codeOf(root, catalogue) {
  const bundle = await rolldown({
    input: join(root, "packages", "web", "src", "index.ts"),
    resolve: { alias: { "oal-core": join(root, "packages", "core", "src", "index.ts") } },
    treeshake: {
      propertyReadSideEffects: false,
      manualPureFunctions: ["kinds", "kind", "expectArguments"],
    },
    plugins: [instead({ [catalogueFile]: catalogue, [checksFile]: noChecks, [printableFile]: asItIs })],
    logLevel: "warn",
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  return output[0].code;
}

/** The file's text. */
export async function bundleWeb(root) {
  const draft = await codeOf(root, "export const catalogue = {};");
  const codes = [...new Set(draft.match(/OAL-[A-Z]\d{3}/g))].sort();
  return codeOf(root, await catalogueOf(root, codes));
}
