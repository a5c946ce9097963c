/** A small model of someone else, fitted from its file to the bundle that answers, with folders as people have them. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fitModel, openModel, type FitOptions, type WrittenResult } from "../index.js";
import { exportSource } from "../pipeline/exporting/source.js";
import { ColourFolder, coloursModel } from "../testing/coloursFit.js";
import { testEngine } from "../testing/engine.js";

const folder = new ColourFolder();
const fit = (options: Partial<FitOptions>): Promise<WrittenResult> => fitModel(folder.options(options));
beforeAll(() => folder.fill());
afterAll(() => folder.remove());

describe("a fit", () => {
  it("makes a file that answers as it was measured, a report, and fit.json", async () => {
    const {
      folder: made,
      result,
      modelPath,
      reportPath,
    } = await fit({ unknown: folder.at("grey"), ask: 0.7 });
    expect(result.parts).toMatchObject({ train: 25, calibration: 16, test: 7, given: false });
    expect(result.known).toMatchObject({ head: "new", classNames: ["blue", "green", "red"] });
    expect(result.known.sentence).toBe(
      "A new last layer for the 3 folders is fitted on the model's features, because nothing names the model's classes.",
    );
    expect(result.accuracy).toMatchObject({ hits: 7, count: 7, value: 1 });
    expect(result.unknown).toMatchObject({ choosing: 0, measuring: 10 });
    expect(result.detectors.map(({ id }) => id)).toEqual(["msp", "mls", "ebo", "knn"]);
    expect(result.leaveClassOut).toMatchObject({
      classes: [{ name: "blue" }, { name: "green" }, { name: "red" }],
    });
    expect(result.calibration).toMatchObject({ count: 16, keep: 0.95, ask: 0.7 });
    expect(result.calibration.sentences[0]).toContain("16 calibration pictures are too few to promise 95 %");
    expect(JSON.parse(readFileSync(join(made, "fit.json"), "utf8"))).toEqual(
      JSON.parse(JSON.stringify(result)),
    );
    const page = readFileSync(reportPath, "utf8");
    expect(page).toContain("16 calibration pictures are too few");
    // a percent sign stays on the line of its number, and every column of figures has its head
    expect(page).not.toMatch(/\d %/);
    expect(page).toMatch(/<th colspan="3">\s*your unknown pictures\s*<\/th>/);
    expect(page).not.toMatch(/src="(?!data:)|<script|https?:/);
    // fit.json says which file is the fit's: another one beside it changes nothing
    copyFileSync(modelPath, join(made, "another.onnx"));
    expect((await exportSource(made)).path).toBe(modelPath);
    for (const path of [modelPath, made]) {
      const scorer = await openModel(path, { engine: testEngine });
      expect(scorer.facts).toMatchObject({ name: "colours", classNames: ["blue", "green", "red"] });
      const edge = result.edges.known[0];
      const said = await scorer.score(folder.at("three", edge?.id ?? ""));
      expect(said).toMatchObject({ known: edge?.known, label: edge?.predicted });
      expect(said.pValue).toBeCloseTo(edge?.pValue ?? NaN, 6);
      await scorer.release();
    }
  });

  it("leaves nothing behind and can be gone on with when it is stopped", async () => {
    const stop = new AbortController();
    const out = folder.at("stopped");
    const stopped = fit({
      out,
      seed: 7,
      signal: stop.signal,
      onProgress: (stage) => void (stage === "choosing" && stop.abort()),
    });
    await expect(stopped).rejects.toThrow("abort");
    expect(existsSync(out)).toBe(false);
  });

  it("refuses what cannot be before any work", async () => {
    const codeOf = (options: Partial<FitOptions>): Promise<unknown> =>
      fit({ out: folder.at("refused"), onProgress: () => expect.fail("work has begun"), ...options }).catch(
        (error: unknown) => error,
      );
    expect(await codeOf({ keep: 0.8, ask: 0.9 })).toMatchObject({ code: "OAL-E211" });
    expect(await codeOf({ detectors: ["mspp"] })).toMatchObject({ code: "OAL-E201" });
    expect(await codeOf({ unknown: folder.at("nowhere") })).toMatchObject({ code: "OAL-D101" });
    expect(await codeOf({ model: folder.at("nowhere.onnx") })).toMatchObject({ code: "OAL-D101" });
  });

  it("does not write into a folder of something else", async () => {
    await expect(fit({ out: folder.at("three") })).rejects.toThrowError(
      expect.objectContaining({ code: "OAL-E255" }),
    );
  });
});

it("warns where it is not clear what pixels become", async () => {
  writeFileSync(folder.at("blind.onnx"), coloursModel(null, true));
  const { result, reportPath } = await fit({
    model: folder.at("blind.onnx"),
    load: {},
    detectors: ["knn"],
    out: folder.at("unclear-out"),
  });
  expect(result.warnings[0]).toMatch(/^the normalisation is a guess, .*It is not clear: .* are alike/);
  expect(readFileSync(reportPath, "utf8").split("<h2")[0]).toContain("It is not clear");
});

it("with all classes of the model known, says why none of them is left out", async () => {
  const { result } = await fit({ known: "model", detectors: ["msp"], out: folder.at("whole-out") });
  expect(result.leaveClassOut).toMatchObject({
    absent: expect.stringContaining("pictures of three of the model's classes or more, and none has any"),
  });
});

describe("untidy folders", () => {
  it("that share all their pictures are named, with the reason", async () => {
    for (let i = 0; i < 4; i++) {
      await folder.draw(`shared/c/${i}.png`, 2, i);
      for (const name of ["a", "b"]) await folder.draw(`shared/${name}/${i}.png`, 0, i);
    }
    await expect(fit({ id: folder.at("shared"), out: folder.at("shared-out") })).rejects.toThrow(
      `${folder.at("shared")}: 2 classes have no image of their own: "a", "b"; the images there lie under other classes too`,
    );
  });

  it("of two classes say why no class is left out; copies, contradictions and known unknowns are named", async () => {
    for (const [c, name] of ["red", "green"].entries())
      for (let i = 0; i < 12; i++) await folder.draw(`untidy/${name}/${i}.png`, c, i);
    copyFileSync(folder.at("untidy/red/3.png"), folder.at("untidy/red/copy.png"));
    copyFileSync(folder.at("untidy/red/4.png"), folder.at("untidy/green/twin.png"));
    writeFileSync(folder.at("untidy/red/broken.jpg"), "no picture");
    mkdirSync(folder.at("untidy/empty"));
    await folder.draw("untidy-unknown/a.png", -1, 50);
    copyFileSync(folder.at("untidy/green/5.png"), folder.at("untidy-unknown/b.png"));
    const { result } = await fit({
      id: folder.at("untidy"),
      unknown: folder.at("untidy-unknown"),
      out: folder.at("untidy-out"),
    });
    expect(result.leaveClassOut).toEqual({
      absent:
        "Leave-class-out is absent: it takes three classes or more, and there are 2: without one of two classes nothing is left to tell apart.",
    });
    expect(result.choice.sentence).toContain("the simplest is taken");
    expect(result.leftOut.unreadable.map(({ id }) => id)).toEqual(["red/broken.jpg"]);
    expect(result.leftOut.copies).toEqual([{ ids: ["red/3.png", "red/copy.png"] }]);
    expect(result.leftOut.contradictions).toEqual([{ ids: ["green/twin.png", "red/4.png"] }]);
    expect(result.leftOut.overlaps).toEqual([{ unknown: "b.png", known: "green/5.png" }]);
    expect(result.unknown).toMatchObject({ measuring: 1 });
    expect(result.unknown?.sentence).toMatch(/^The only unknown picture measures: /);
    const said = result.warnings.join("\n");
    for (const text of [
      "empty",
      "cannot be read",
      "more than one class",
      "more than once",
      "1 unknown picture is a known one and counts as known only: b.png = green/5.png",
    ])
      expect(said).toContain(text);
  });
});
