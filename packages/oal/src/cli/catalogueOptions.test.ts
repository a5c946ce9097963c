/** What the catalogue's sentences tell people to type exists. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { expect, it } from "vitest";
import { buildProgram } from "./program.js";

const catalogue = fileURLToPath(new URL("../../../core/src/errors/catalogue", import.meta.url));

function optionsOf(command: Command): string[] {
  const own = command.options.flatMap(({ long }) => (long ? [long] : []));
  return [...own, ...command.commands.flatMap(optionsOf)];
}

it("every option that an error of the catalogue names is one of a command", () => {
  const known = new Set([...optionsOf(buildProgram()), "--help", "--version"]);
  // what other programs are called with is theirs
  const text = readdirSync(catalogue)
    .map((name) => readFileSync(join(catalogue, name), "utf8"))
    .join("\n")
    .replace(/(?:optimum-cli|tf2onnx)\b[^;"`)]*/g, "");
  const named = new Set([...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option));
  expect(named.size).toBeGreaterThan(20);
  expect([...named].filter((option) => !known.has(option))).toEqual([]);
});
