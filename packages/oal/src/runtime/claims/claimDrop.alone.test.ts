/** A superseded generation that cannot be removed keeps nobody from the claim that superseded it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { tryClaim } from "./claim.js";

const state = vi.hoisted(() => ({ refuse: true }));
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  return {
    ...real,
    rm: async (path: string, options: object) => {
      // what one process sees whose folder another one fills between its emptying and its removal
      if (state.refuse && options && "recursive" in options)
        throw Object.assign(new Error("directory not empty"), { code: "ENOTEMPTY" });
      await real.rm(path, options);
    },
  };
});

test("a claim is got although the generations before it cannot be removed, and goes on to the next holder", async () => {
  const folder = mkdtempSync(join(tmpdir(), "oal-claim-"));
  for (const generation of [3, 4]) {
    mkdirSync(join(folder, `thing.${generation}`));
    writeFileSync(join(folder, `thing.${generation}`, "released"), "");
  }
  const first = await tryClaim(folder, "thing");
  if (!("claim" in first)) throw new Error("not claimed");
  expect(await first.claim.isHeld()).toBe(true);
  expect(readdirSync(folder).filter((name) => !name.startsWith("."))).toEqual(["thing.5"]);
  await first.claim.release();
  state.refuse = false;
  const second = await tryClaim(folder, "thing");
  expect("claim" in second).toBe(true);
  if ("claim" in second) await second.claim.release();
  expect(readdirSync(folder).filter((name) => name.startsWith("thing."))).toEqual(["thing.6"]);
  rmSync(folder, { recursive: true, force: true });
});
