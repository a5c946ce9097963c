/**
 * Makes packages/oal/assets/glyphs: outlines of digits, letters and other scripts' glyphs as JSON, with their licences.
 * Run by hand, only when a family or code point changes; the fonts are build-time packages and never a dependency:
 *
 *   mkdir /tmp/glyphs && cd /tmp/glyphs && npm init -y
 *   npm install opentype.js@2.0.0 $(node <repository>/scripts/glyphs/extract.mjs --packages)
 *   node <repository>/scripts/glyphs/extract.mjs          # reads ./node_modules of the scratch folder
 *
 * A glyph is one string: contours "x y" start (absolute), then relative segments l dx dy, q (2 points) and c (3 points), in whole
 * units of 1/500 em with y downwards. Contours are closed by the reader.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digitFamilies, letters, scripts } from "./families.mjs";

const GRID = 500;
const scriptNames = Object.values(scripts).flatMap((group) => Object.keys(group));
const families = [...Object.values(digitFamilies).flat(), ...scriptNames.map((name) => `noto-sans-${name}`)];

if (process.argv.includes("--packages")) {
  console.log(families.map((family) => `@fontsource/${family}`).join(" "));
  process.exit(0);
}

const scratch = createRequire(join(process.cwd(), "package.json"));
const opentype = scratch("opentype.js");
const folder = (family) => join(process.cwd(), "node_modules/@fontsource", family);

function openFont(family, subset) {
  const bytes = readFileSync(join(folder(family), "files", `${family}-${subset}-400-normal.woff`));
  return opentype.parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** The outline of one code point as a compact string. Rounding is of absolute positions, so errors do not add up. */
function outline(font, character, family) {
  const glyph = font.charToGlyph(character);
  if (glyph.index === 0) throw new Error(`${family} has no glyph for ${character}`);
  let x = 0;
  let y = 0;
  let text = "";
  const put = (numbers, letter) => {
    text += letter;
    numbers.forEach((n, i) => (text += (i > 0 && n >= 0 ? " " : "") + n));
  };
  for (const command of glyph.getPath(0, 0, GRID).commands) {
    if (command.type === "Z") continue;
    const at = [command.x1, command.y1, command.x2, command.y2, command.x, command.y]
      .filter((n) => n !== undefined)
      .map((n) => Math.round(n) + 0);
    if (command.type === "M") put(at, "m");
    else {
      const relative = at.map((n, i) => n - (i % 2 === 0 ? x : y));
      if (relative.some((n) => n !== 0)) put(relative, command.type.toLowerCase());
    }
    [x, y] = at.slice(-2);
  }
  if (text === "") throw new Error(`${family}: ${character} is empty`);
  return text;
}

/** Letters of a family; a small letter drawn as its capital is left out (the capital may be a look-alike, such as D). */
const lettersOf = (font, family) =>
  letters.filter((letter) => {
    const capital = letter.toUpperCase();
    return letter === capital || outline(font, letter, family) !== outline(font, capital, family);
  });

const glyphsOf = (font, characters, family) =>
  Object.fromEntries(characters.map((character) => [character, outline(font, character, family)]));

/** Copyright sentence of a family: the first line of its OFL file, or else the font's own name table. */
function copyright(family, font) {
  const first = readFileSync(join(folder(family), "LICENSE"), "utf8")
    .split(/\r?\n/, 1)[0]
    .trim();
  const own = font.names.windows?.copyright?.en ?? font.names.copyright?.en ?? "";
  const line = /^copyright/i.test(first) ? first : own.replace(/\s+/g, " ").trim();
  if (line === "") throw new Error(`${family}: no copyright line`);
  return line;
}

const target = fileURLToPath(new URL("../../packages/oal/assets/glyphs/", import.meta.url));
rmSync(target, { recursive: true, force: true });
mkdirSync(join(target, "LICENSES"), { recursive: true });
const write = (name, groups) =>
  writeFileSync(
    join(target, `${name}.json`),
    `${JSON.stringify({ grid: GRID, families: groups }, null, 1)}\n`,
  );

const fonts = new Map();
for (const [split, names] of Object.entries(digitFamilies)) {
  for (const family of names) fonts.set(family, openFont(family, "latin"));
  const digits = Array.from("0123456789");
  write(
    `digits-${split}`,
    Object.fromEntries(names.map((family) => [family, glyphsOf(fonts.get(family), digits, family)])),
  );
}
write(
  "letters-test",
  Object.fromEntries(
    digitFamilies.test.map((family) => [
      family,
      glyphsOf(fonts.get(family), lettersOf(fonts.get(family), family), family),
    ]),
  ),
);
for (const [split, group] of Object.entries(scripts)) {
  const entries = Object.entries(group).map(([script, codes]) => {
    const family = `noto-sans-${script}`;
    fonts.set(family, openFont(family, script));
    const characters = codes.map((code) => String.fromCodePoint(code));
    return [family, glyphsOf(fonts.get(family), characters, family)];
  });
  write(`scripts-${split}`, Object.fromEntries(entries));
}

const licences = new Map();
for (const [family, font] of fonts) {
  const { license, version } = JSON.parse(readFileSync(join(folder(family), "package.json"), "utf8"));
  const lines = licences.get(license) ?? [];
  lines.push(`${family} (@fontsource/${family} ${version}): ${copyright(family, font)}`);
  licences.set(license, lines);
  if (lines.length === 1) {
    const text = readFileSync(join(folder(family), "LICENSE"), "utf8").replace(/\r\n/g, "\n");
    const body = license.startsWith("OFL") ? text.slice(text.indexOf("-----------")) : text;
    writeFileSync(join(target, "LICENSES", `${license}.txt`), `${body.trim()}\n`);
  }
}
const notice = [...licences].map(([license, lines]) => `${license}\n\n${lines.sort().join("\n")}\n`);
writeFileSync(join(target, "LICENSES/COPYRIGHT.txt"), notice.join("\n"));
console.log(`${fonts.size} fonts; licences ${[...licences.keys()].join(", ")}`);
