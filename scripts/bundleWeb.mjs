// packages/web/dist/oal-web.js: oal-web and what it uses of oal-core as one file without imports, to be copied beside a page.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { rolldown } from "rolldown";

/**
 * What a page does without: the catalogue of errors but for the few that can happen there; the checks of arguments, which are for
 * strangers who call functions of the library, whereas here our own code calls them; and what makes names safe for terminals. The
 * class of errors is written for few bytes, with the same fields.
 */
const errorFile = "core/src/errors/error.ts";
const checksFile = "core/src/errors/arguments.ts";
const noChecks = `
export const kinds = {};
export function kind() {}
export function expectArguments() {}
export function describeValue() {}
`;

/** Replaces files by source texts. */
const instead = (texts) => ({
  name: "instead",
  load(id) {
    const file = Object.keys(texts).find((each) => id.replaceAll("\\", "/").endsWith(each));
    return file === undefined ? null : texts[file];
  },
});

/** Details whose every field is its own name in braces. */
const blanks = new Proxy(
  {},
  { get: (_, name) => ({ toString: () => `{${String(name)}}`, join: () => `{${String(name)}}` }) },
);

/** The class of errors with the sentences of some codes, as source text. A sentence is text with blanks for its details. */
async function errorsOf(root, codes) {
  const path = join(root, "packages", "core", "dist", "errors", "catalogue", "index.js");
  const { catalogue } = await import(pathToFileURL(path).href);
  const entries = codes.map((code) => {
    const { exit, message } = catalogue[code];
    if (/[?=]/.test(message.toString().replace("=>", "")))
      throw new Error(`${code}: a sentence of a page may do nothing but name its details`);
    return `${JSON.stringify(code)}: [${exit}, ${JSON.stringify(message(blanks))}]`;
  });
  return `
const catalogue = { ${entries.join(",\n")} };
export class OalError extends Error {}
export const isOalError = (error) => error instanceof OalError;
export function oalError(code, details, cause) {
  const [exit, sentence] = catalogue[code];
  const message = sentence.replace(/{(\\w+)}/g, (_, name) => [details[name]].flat().join(", "));
  return Object.assign(new OalError(message, { cause }), { name: "OalError", code, details, remedy: "see docs/errors.md", exit });
}`;
}

async function codeOf(root, errors) {
  const bundle = await rolldown({
    input: join(root, "packages", "web", "src", "index.ts"),
    resolve: { alias: { "oal-core": join(root, "packages", "core", "src", "index.ts") } },
    treeshake: {
      propertyReadSideEffects: false,
      manualPureFunctions: ["kinds", "kind", "expectArguments"],
    },
    plugins: [instead({ [errorFile]: errors, [checksFile]: noChecks })],
    logLevel: "warn",
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  return output[0].code.replaceAll("/* @__PURE__ */ ", "");
}

/** The file's text. */
export async function bundleWeb(root) {
  const draft = await codeOf(root, await errorsOf(root, []));
  const codes = [...new Set(draft.match(/OAL-[A-Z]\d{3}/g))].sort();
  return codeOf(root, await errorsOf(root, codes));
}
