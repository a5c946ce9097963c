import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { commandLine, noteCommandLine } from "./commandLine.js";

it("is none in a program of others, and can be pasted into a shell", () => {
  expect(commandLine()).toBeUndefined();
  const words = [
    "run",
    "--data",
    "my photos",
    "--set",
    "teacher={epochs: 2}",
    "it's",
    "a\nb",
    "",
    "--seeds",
    "0,1",
  ];
  noteCommandLine(words);
  expect(commandLine()).toMatch(/^oal run --data 'my photos' --set 'teacher=\{epochs: 2\}' .* --seeds 0,1$/s);
  if (process.platform === "win32") return;
  const script = `oal() { printf '%s\\0' "$@"; }; ${commandLine()}`;
  expect(execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1)).toEqual(words);
});
