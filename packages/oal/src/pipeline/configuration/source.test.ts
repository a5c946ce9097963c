import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OalError } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfiguration } from "./index.js";

const cwd = mkdtempSync(join(tmpdir(), "oal-source-"));
afterAll(() => rmSync(cwd, { recursive: true }));

/** "CODE sentence" of what loading throws; anything but an error of the catalogue fails the test. */
function told(given: string | undefined, set: readonly string[] = []): string {
  try {
    loadConfiguration(given, { cwd, set });
  } catch (error) {
    if (error instanceof OalError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "loaded";
}

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(cwd, name), content);
  return name;
}

describe("names of JavaScript's own as keys", () => {
  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"])(
    "%s is an unknown key in YAML, JSON and --set, at any depth",
    (key) => {
      expect(told(file("a.yaml", `${key}: {x: 1}\n`))).toBe(
        `OAL-C201 a.yaml:1: unknown key "${key}" at the top level`,
      );
      expect(told(file("a.json", `{"teacher":\n{"${key}": {"width": 1}}}`))).toBe(
        `OAL-C201 a.json:2: unknown key "${key}" at teacher`,
      );
      expect(told(undefined, [`${key}=1`])).toBe(
        `OAL-C201 --set ${key}=1: unknown key "${key}" at the top level`,
      );
      expect(told(undefined, [`teacher.${key}.x=1`])).toBe(
        `OAL-C201 --set teacher.${key}.x=1: unknown key "${key}" at teacher`,
      );
      expect(told(undefined, [`teacher={${key}: {width: 1}}`])).toBe(
        `OAL-C201 --set teacher={${key}: {width: 1}}: unknown key "${key}" at teacher`,
      );
    },
  );

  it("are no presets, methods or detectors either", () => {
    expect(told("toString")).toMatch(/^OAL-C204/);
    expect(told(undefined, ["preset=__proto__"])).toMatch(/^OAL-C204/);
    expect(told(undefined, ["methods=[constructor]"])).toMatch(/^OAL-C202/);
    expect(told(undefined, ["evaluation.detectors=[constructor]"])).toMatch(/^OAL-C202/);
    expect(told(undefined, ["teacher.network=toString"])).toMatch(/^OAL-C202/);
  });
});

describe("what is no configuration", () => {
  const bomb = Array.from({ length: 9 }, (_, i) =>
    i === 0 ? "a0: &a0 [x,x,x,x,x,x,x,x,x]" : `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`,
  ).join("\n");

  it.each([
    ["an alias bomb", "bomb.yaml", bomb, /C203 bomb.yaml: Excessive alias count/],
    ["an alias without its anchor", "alias.yaml", "seed: *nowhere", /C203 alias.yaml: Unresolved alias/],
    ["a list in itself", "self.yaml", "seed: &s [*s]", /C202 self.yaml:1: seed: .* contains itself/],
    ["a section in itself", "loop.yaml", "data: &d {id: *d}", /C201 loop.yaml:1: unknown key "id"/],
    ["deep nesting", "deep.yaml", "[".repeat(5000), /C203 deep.yaml:1: is nested too deeply/],
    ["deep JSON", "deep.json", '{"a":'.repeat(4000) + "1" + "}".repeat(4000), /C203 deep.json:1: is nested/],
    ["bytes", "bytes.yaml", new Uint8Array(64), /C203 bytes.yaml: is no text; .* --data bytes.yaml/],
    ["UTF-16", "wide.yaml", Buffer.from("\ufeffseed: 1", "utf16le"), /C203 wide.yaml: is UTF-16/],
    ["a large file", "large.yaml", "#".repeat(2 ** 20 + 1), /C203 large.yaml: has 1048577 bytes/],
    ["an archive", "photos.tar", "x", /C203 photos.tar: is no configuration; .* --data photos.tar/],
    ["a picture", "cat.JPG", "x", /C203 cat.JPG: is no configuration; .* --data cat.JPG/],
  ])("%s is refused with a reason", (_name, name, content, expected) => {
    expect(told(file(name, content))).toMatch(expected);
  });

  it("refuses folders, pipes, devices and broken links, without reading them", () => {
    mkdirSync(join(cwd, "folder.yaml"));
    symlinkSync("nowhere.yaml", join(cwd, "broken.yaml"));
    symlinkSync("round.yaml", join(cwd, "round.yaml"));
    expect(told("folder.yaml")).toMatch(/C203 folder.yaml: is a folder; .* --data folder.yaml/);
    expect(told("broken.yaml")).toMatch(/C203 broken.yaml: no such file/);
    expect(told("round.yaml")).toMatch(/C203 round.yaml: its links lead in a circle/);
    expect(told(`${"x".repeat(300)}.yaml`)).toMatch(/C203 .*: the name is too long/);
    expect(told("gone.zip")).toMatch(/C203 gone.zip: no such file/);
    expect(told("")).toMatch(/^OAL-C204/);
    if (process.platform === "win32") return;
    execFileSync("mkfifo", [join(cwd, "pipe.yaml")]);
    expect(told("pipe.yaml")).toMatch(/C203 pipe.yaml: is a pipe or a device/);
    expect(told("/dev/zero")).toMatch(/C203 .dev.zero: is a pipe or a device/);
  });

  it("makes no list with holes", () => {
    const list = file("list.yaml", "data: {source: photos, ood: [{name: a, path: /tmp}]}");
    expect(told(list, ["data.ood.400000000={name: b, path: /tmp}"])).toMatch(/^OAL-C202/);
    expect(told(list, ["data.ood.1={name: b, path: /tmp}"])).toBe("loaded");
  });
});
