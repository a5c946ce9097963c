/** Rows of the published code in a configuration: modes, single switches, and settings against them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OalError } from "oal-core";
import { afterAll, describe, expect, it } from "vitest";
import { checkConfiguration, loadConfiguration, type Configuration } from "../index.js";
import { ignoredSettings } from "../ignored.js";
import { valueAt } from "../merge.js";
import { heldSettings, settingsOfRows } from "./decide.js";
import { rowIds, rowOf, rowsNotReproduced } from "./rows.js";
import { publishedReasons, standingRows } from "./state.js";

const folder = mkdtempSync(join(tmpdir(), "oal-rows-"));
afterAll(() => rmSync(folder, { recursive: true }));

const set = (...settings: string[]) => ({ set: settings, cwd: folder });

function codeOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (error instanceof OalError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing was thrown";
}

describe("modes", () => {
  it("are presets of the rows, with the published loss terms in official", () => {
    const [corrected, official] = [loadConfiguration(), loadConfiguration(undefined, set("mode=official"))];
    expect(Object.values(corrected.fixes).every((fixed) => fixed)).toBe(true);
    expect(Object.values(official.fixes).some((fixed) => fixed)).toBe(false);
    expect(heldSettings(corrected)).toEqual([]);
    const idle = new Set(ignoredSettings(official).map(({ key }) => key));
    for (const { key, value } of heldSettings(official).filter((held) => !idle.has(held.key)))
      expect(valueAt(official, key.split("."))).toEqual(value);
    expect(official["kd"]).toMatchObject({ logitsWeight: 4, featureWeight: 8, temperature: 1 });
    expect(official["mi"]).toMatchObject({
      embWeight: 0.1,
      latentWeight: 0.2,
      pairing: "random",
      reduction: "sum",
    });
  });

  it("name every row of METHOD 9 once, switched or not reproduced", () => {
    const all = Array.from({ length: 25 }, (_, i) => `r${String(i + 1).padStart(2, "0")}`);
    expect([...rowIds, ...Object.keys(rowsNotReproduced)].sort()).toEqual(all);
  });

  it("change a whole file that was written for the other", () => {
    writeFileSync(join(folder, "whole.json"), JSON.stringify(loadConfiguration()));
    const official = loadConfiguration("whole.json", set("mode=official"));
    expect(official.fixes.r03).toBe(false);
    expect(official["mi"]).toMatchObject({ pairing: "random", embWeight: 0.1 });
    // what the file has of its preset was written for the other mode, as what it has of the defaults
    expect(official["exposure"]).toMatchObject({ uniformWeight: 0, distillWeight: 0 });
    expect(official["kd"]).toMatchObject({ logitsWeight: 4, featureWeight: 8, teacherView: "same" });
    writeFileSync(join(folder, "part.yaml"), "mode: official\nmi: { embWeight: 0 }\n");
    expect(loadConfiguration("part.yaml", { cwd: folder })["mi"]).toMatchObject({
      embWeight: 0,
      latentWeight: 0.2,
    });
    writeFileSync(join(folder, "own.yaml"), "mode: official\nfixes: { r03: true }\n");
    const own = loadConfiguration("own.yaml", { cwd: folder });
    expect([own.fixes.r03, own.fixes.r04]).toEqual([true, false]);
    expect(own["mi"]).toMatchObject({ pairing: "class", latentPooling: "channel-row-mean" });
  });
});

describe("a row", () => {
  it("is switched alone, in either mode, and moves its own settings only", () => {
    // what embedded has not, and rows 19 and 21 are about
    const every = ["kd.featureWeight=8", "energy.latentWeight=2.5"];
    const corrected = loadConfiguration(undefined, set(...every));
    for (const row of rowIds) {
      const own = settingsOfRows(corrected).filter((each) => each.row === row);
      const usual = own.every(({ key, value }) => valueAt(corrected, key.split(".")) === value);
      // prompts are Stable Diffusion's, and row 12 is about a teacher that was read
      if (own.length === 0 || row === "r12") continue;
      const one = loadConfiguration(undefined, set(...every, `fixes.${row}=false`));
      for (const { key, value } of own) expect(valueAt(one, key.split("."))).toEqual(value);
      const { fixes: _fixes, ...rest } = one;
      const { fixes: _before, ...before } = corrected;
      expect(JSON.stringify(rest) === JSON.stringify(before), row).toBe(usual);
    }
    const rest = loadConfiguration(undefined, set("mode=official", "fixes.r03=true"));
    expect(rest["mi"]).toMatchObject({ pairing: "class", reduction: "sum" });
  });

  it("refuses a setting against it, wherever that was given, and names both", () => {
    const against = codeOf(() => loadConfiguration(undefined, set("fixes.r03=false", "mi.pairing=class")));
    expect(against).toContain("OAL-C212");
    expect(against).toContain("mi.pairing: class contradicts fixes.r03: false, which holds it at random");
    writeFileSync(
      join(folder, "against.yaml"),
      "mode: official\nmi:\n  hidden: 8\nboundary:\n  sigma: 0.2\n",
    );
    expect(codeOf(() => loadConfiguration("against.yaml", { cwd: folder }))).toContain(
      "against.yaml:5: boundary.sigma",
    );
    expect(
      codeOf(() => checkConfiguration({ mode: "official", mi: { reduction: "mean", hidden: 8 } }, "here")),
    ).toBe("nothing was thrown");
    // the other published length of row 2
    const short = loadConfiguration(undefined, set("mode=official", "boundary.scale=0.39"));
    expect(short.boundary.scale).toBe(0.39);
    const same = loadConfiguration(undefined, set("fixes.r03=false", "mi.pairing=random"));
    expect(same["mi"]).toMatchObject({ pairing: "random" });
  });

  it("refuses a fix beside the published setting of a file, and a switch without effect", () => {
    writeFileSync(
      join(folder, "official.json"),
      JSON.stringify(loadConfiguration(undefined, set("mode=official"))),
    );
    expect(codeOf(() => loadConfiguration("official.json", set("fixes.r03=true")))).toContain(
      "OAL-C213: --set fixes.r03=true: fixes.r03: true, but the file holds mi.pairing: random",
    );
    expect(codeOf(() => loadConfiguration(undefined, set("mi.measure=false", "fixes.r04=false")))).toContain(
      "fixes.r04: has no effect with mi.latentWeight: 0 and mi.measure: false",
    );
    expect(codeOf(() => loadConfiguration(undefined, set("fixes.r12=false")))).toContain("no teacher.model");
  });
});

it("are told in docs/official.md in the words of the program", () => {
  const page = readFileSync(new URL("../../../../../../docs/official.md", import.meta.url), "utf8");
  for (const id of rowIds) {
    const { title, published, consequence, corrected } = rowOf(id);
    const line = page.split("\n").find((each) => each.startsWith(`| ${Number(id.slice(1))} ${title} `)) ?? "";
    for (const text of [published, consequence, corrected]) expect(line, id).toContain(` ${text} `);
    const settings = settingsOfRows(loadConfiguration()).filter(({ row }) => row === id);
    for (const { key } of settings) expect(line).toContain(key);
  }
  for (const text of Object.values(rowsNotReproduced)) expect(page).toContain(text);
});

describe("rows as they stand", () => {
  const stateOf = (config: Configuration, id: string): string | undefined =>
    standingRows(config).rows.find((row) => row.id === id)?.state;

  it("are fixed, as published, or without effect where nothing reads their settings", () => {
    expect(standingRows(loadConfiguration()).rows.every(({ state }) => state === "fixed")).toBe(true);
    const official = loadConfiguration(undefined, set("mode=official", "fixes.r04=true"));
    const states = ["r03", "r04", "r06", "r12", "r19"].map((id) => stateOf(official, id));
    expect(states).toEqual(["published", "fixed", "no effect", "no effect", "no effect"]);
    expect(standingRows(official).mode).toBe("official");
  });

  it("say why a setting is what it is", () => {
    const reasons = publishedReasons(loadConfiguration(undefined, set("mode=official", "kd.logitsWeight=1")));
    expect(reasons.get("mi.pairing")).toBe("fixes.r03: false");
    expect(reasons.get("kd.featureWeight")).toBe("mode: official");
    expect(reasons.has("kd.logitsWeight")).toBe(false);
    expect(publishedReasons(loadConfiguration()).size).toBe(0);
  });
});
