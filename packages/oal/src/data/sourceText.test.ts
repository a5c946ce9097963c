import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openUnknown } from "../fitting/pictures.js";
import { parseSourceText, writtenSource } from "./sourceText.js";

const cwd = mkdtempSync(join(tmpdir(), "oal-source-text-"));
afterAll(() => rmSync(cwd, { recursive: true }));

it("takes a path that is there as it is, and a part where only the path before it is", async () => {
  mkdirSync(join(cwd, "photos#1"));
  mkdirSync(join(cwd, "others", "val"), { recursive: true });
  expect(writtenSource("photos#1", cwd)).toEqual({ path: "photos#1" });
  expect(writtenSource("./others#val", cwd)).toEqual({ path: "./others", split: "val" });
  expect(parseSourceText("others#val", cwd)).toEqual({ path: join(cwd, "others"), split: "val" });
  expect(writtenSource("nowhere#val", cwd)).toEqual({ path: "nowhere#val" });
  writeFileSync(join(cwd, "photos#1", "a.png"), "");
  const { sources } = await openUnknown(join(cwd, "photos#1"));
  expect(sources.flatMap(({ source }) => source.ids)).toEqual(["a.png"]);
});
