/** The whole page on made-up data. With OAL_REPORT_DEMO set to a path the page is also written there, to be looked at. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  renderReport,
  reportSections,
  writeReport,
  type ReportInput,
} from "../../packages/oal/src/report/index.js";
import { emptyReport } from "./emptyReport.js";
import { demoInput } from "./demoInput.js";

const SECTIONS = [
  "overview",
  "results",
  "differences",
  "scores",
  "roc",
  "thresholds",
  "calibration",
  "null-test",
  "classes",
  "mistakes",
  "map",
  "outliers",
  "training",
  "data",
  "choices",
  "rows",
  "run",
];

const NOTHING = emptyReport({ title: "Empty" });

const sectionsOf = (page: string): string[] =>
  [...page.matchAll(/<section id="([^"]+)"/g)].map((found) => found[1] ?? "");

describe("the report of a made-up run", () => {
  let input: ReportInput;
  let page: string;
  beforeAll(async () => {
    input = await demoInput();
    page = await renderReport(input);
    const path = process.env["OAL_REPORT_DEMO"];
    if (path !== undefined) await writeReport(input, path);
  });

  test("has every section, each reachable from the navigation", () => {
    expect(sectionsOf(page)).toEqual(SECTIONS);
    for (const id of SECTIONS) expect(page).toContain(`href="#${id}"`);
  });

  test("says over which differences p values are adjusted", () => {
    expect(page).toContain(
      "adjusted (Holm) for all detectors of the two models with one metric, near and far means and single sets apart",
    );
  });

  test("loads nothing and runs nothing", () => {
    expect(page).not.toMatch(/<script|<link|<iframe|@import|javascript:/i);
    expect([...page.matchAll(/(?:src|href|action)="(?!data:|#)([^"]*)"/g)]).toEqual([]);
    expect([...page.matchAll(/url\((?!#)[^)]*\)/g)]).toEqual([]);
    expect(page.replaceAll("http://www.w3.org/", "")).not.toMatch(/https?:\/\//);
  });

  test("names every chart and picture", () => {
    const charts = [...page.matchAll(/<svg [^>]*>/g)].map((found) => found[0]);
    expect(charts.length).toBeGreaterThan(60);
    for (const chart of charts)
      expect(chart).toMatch(
        /role="img" aria-label="[^"]{10,}" viewBox=|viewBox=.*aria-label=|aria-label="[^"]{10,}"/,
      );
    for (const [image] of page.matchAll(/<img [^>]*>/g)) expect(image).toMatch(/alt="[^"]+"/);
    expect(page.replace(/base64,[^"]*/g, "")).not.toMatch(/NaN|undefined|\[object/);
  });

  test("uses each id once", () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((found) => found[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("chooses the detector shown first by validation sets alone", async () => {
    expect(page).toContain("Detector shown: <b>knn</b> (best on validation OOD");
    const worse = input.results.map((result) => ({
      ...result,
      detectors: result.detectors.map((detector) => ({
        ...detector,
        sets: detector.sets.filter((set) => set.group !== "validation"),
      })),
    }));
    const chosen = { ...input, features: [], headline: { detector: "ebo", reason: "because" } };
    expect(await renderReport(chosen)).toContain("Detector shown: <b>ebo</b> (because)");
    expect(await renderReport({ ...input, features: [], results: worse })).toContain(
      "Detector shown: <b>msp</b> (the first one listed",
    );
  });

  test("escapes hostile names everywhere", async () => {
    const evil = `<script>alert("x")</script>&'`;
    const hostile: ReportInput = {
      ...input,
      title: evil,
      summary: evil,
      warnings: [evil],
      configuration: { [evil]: evil },
      environment: {
        versions: { [evil]: evil },
        hardware: { [evil]: evil },
        seconds: { [evil]: 1 },
        command: evil,
        finished: evil,
      },
      classNames: input.classNames.map(() => evil),
      results: input.results.map((result) => ({
        ...result,
        model: evil + result.model,
        detectors: result.detectors.map((d) => ({
          ...d,
          id: evil + d.id,
          sets: d.sets.map((set) => ({ ...set, name: evil + set.name })),
        })),
      })),
      comparisons: input.comparisons.map((c) => ({
        ...c,
        set: evil + c.set,
        detector: evil + c.detector,
        models: [evil, evil] as const,
      })),
      scores: input.scores.map((s) => ({ ...s, model: evil + s.model, set: evil + s.set })),
      curves: input.curves.map((c) => ({
        run: evil + c.run,
        terms: Object.fromEntries(Object.entries(c.terms).map(([k, v]) => [evil + k, v])),
      })),
      samples: input.samples.map((s) => ({ ...s, title: evil, caption: evil })),
      features: input.features.map((f) => ({
        ...f,
        set: evil + f.set,
        points: f.points.subarray(0, 20 * f.dimension),
      })),
      mistakes: input.mistakes.map((m) => ({ ...m, id: evil, set: evil, label: evil, prediction: evil })),
      leftOut: [{ set: evil, unreadable: [{ id: evil, problem: evil }], passedOver: { [evil]: 1 } }],
      thresholds: input.thresholds.map((t) => ({ ...t, model: evil, oodAccepted: { [evil]: 0.5 } })),
      choices: [{ setting: evil, value: evil, chosenBy: "validation", how: evil, models: [evil] }],
      audit: [{ name: evil, value: evil, note: evil }],
    };
    const text = await renderReport(hostile);
    expect(text).not.toContain("<script");
    expect(text).not.toContain("</script");
    expect(text).toContain("&lt;script&gt;");
    expect(sectionsOf(text)).toEqual(SECTIONS);
  });

  test("calls a difference one where its p value, adjusted for all that was compared, is small", async () => {
    const verdictsOf = async (adjustedP: number): Promise<string[]> => {
      const comparisons = input.comparisons.map((each) => ({
        ...each,
        difference: 0.02,
        interval: [0.01, 0.03] as const,
        p: 0.01,
        adjustedP,
      }));
      const text = await renderReport({ ...NOTHING, results: input.results, comparisons });
      return [...text.matchAll(/<li class="verdict (\w+)"/g)].map((found) => found[1] ?? "");
    };
    expect(new Set(await verdictsOf(0.01))).toEqual(new Set(["better"]));
    expect(new Set(await verdictsOf(0.2))).toEqual(new Set(["open"]));
    expect(page).toContain("p (Holm)");
  });

  test("says which of many pairs its charts leave out, and what intervals over few seeds are", async () => {
    const [one] = input.comparisons;
    if (one === undefined) throw new Error("the made-up run compares nothing");
    const comparisons = Array.from({ length: 15 }, (_, i) => ({
      ...one,
      models: [`m${i}`, "ce"] as const,
      bySeed: [one.difference, one.difference],
      degrees: 2,
    }));
    const text = await renderReport({ ...NOTHING, results: input.results, comparisons });
    expect(text).toMatch(/The first\s+12\s+of\s+15\s+pairs/);
    expect(text).toContain("Student&#39;s t, 4.3 standard errors");
    expect(page).not.toContain("of 12 pairs");
  });

  test("is the same text every time", async () => {
    const quick = { ...input, features: [] };
    expect(await renderReport(quick)).toBe(await renderReport(quick));
  });
});

test("every section stands on the page under the id that the registry lists it by", () => {
  expect(reportSections.ids).toEqual(SECTIONS);
});

test("a run without anything still makes a page", async () => {
  expect(sectionsOf(await renderReport(NOTHING))).toEqual(["overview", "run"]);
});

test("is written whole, and a folder that cannot be made is an error with a code", async () => {
  const folder = await mkdtemp(join(tmpdir(), "oal-report-"));
  try {
    await writeReport(NOTHING, join(folder, "deep", "report.html"));
    expect(await readdir(join(folder, "deep"))).toEqual(["report.html"]);
    const text = await readFile(join(folder, "deep", "report.html"), "utf8");
    expect(text.trimEnd().endsWith("</html>")).toBe(true);
    await expect(
      writeReport(NOTHING, join(folder, "deep", "report.html", "x", "y.html")),
    ).rejects.toMatchObject({ code: "OAL-I101" });
  } finally {
    await rm(folder, { recursive: true });
  }
});
