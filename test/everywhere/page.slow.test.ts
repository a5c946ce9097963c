/** The example page in a real browser: copied as its instructions say, looked at as a person would, with what people give it. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import sharp, { type Sharp } from "sharp";
import { selfTestPicture, type ScoreResult } from "oal-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Scorer } from "../../packages/oal/src/bundle/scorer.js";
import { testEngine as engine } from "../../packages/oal/src/testing/engine.js";
import { untrainedModel } from "../cli/untrainedModel.js";
import { besidePage, examplePage, missingChromium, serve, startChromium, type Site } from "./chromium.js";

const folder = mkdtempSync(join(tmpdir(), "oal-page-"));
const at = (name: string): string => join(folder, name);
let browser: Browser;
let model: Uint8Array;
let site: Site;
let context: BrowserContext;

const drawn = (width: number, height: number): Sharp =>
  sharp(Buffer.from(selfTestPicture(width, height).data), { raw: { width, height, channels: 3 } });

/** The page, copied by the commands of docs/deploy.md. */
function copiedAsDocumented(): Record<string, string> {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const guide = readFileSync(join(root, "docs/deploy.md"), "utf8");
  const commands = /```sh\n(mkdir site\n[^`]*)```/.exec(guide)?.[1] ?? expect.fail("no commands");
  const here = commands
    .replaceAll(/\bsite\b/g, at("site"))
    .replace("runs/photos/models/kd.onnx", at("m.onnx"));
  const { status, stderr } = spawnSync("bash", ["-ec", here], { cwd: root, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return Object.fromEntries(readdirSync(at("site")).map((name) => [name, at(join("site", name))]));
}

/** Opens the page of a site and waits until it has said what it has to say. */
async function openPage(address: string): Promise<Page> {
  context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(address);
  await settled(page);
  return page;
}

async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () => document.querySelector("#state")?.textContent?.startsWith("Opening") === false,
  );
}

const textOf = (page: Page, what: string): Promise<string> => page.locator(what).innerText();

/** Gives files to the page, and waits for every answer. */
async function give(page: Page, files: readonly string[]): Promise<string[]> {
  await page.setInputFiles("#files", [...files]);
  await page.waitForFunction((count) => document.querySelectorAll("li b").length >= count, files.length);
  return page.locator("li").allInnerTexts();
}

async function moveSlider(page: Page, keep: number): Promise<void> {
  await page.locator("#keep").fill(String(keep));
}

/** The model file with other metadata of the same length, and the checksum that fits. */
function changed(from: RegExp, to: (found: string) => string): Buffer {
  const text = Buffer.from(model).toString("latin1");
  const made = text.replace(from, to);
  expect(made).not.toBe(text);
  const body = Buffer.from(made, "latin1").subarray(0, -64);
  return Buffer.concat([body, Buffer.from(createHash("sha256").update(body).digest("hex"))]);
}

describe.skipIf(missingChromium !== null)(
  `the example page${missingChromium === null ? "" : ` (skipped: ${missingChromium})`}`,
  () => {
    beforeAll(async () => {
      browser = await startChromium();
      await untrainedModel(at("m.onnx"), ["cat", "dog", "emu"], {
        maxPixels: 4_000_000,
        orientation: "apply",
      });
      model = new Uint8Array(readFileSync(at("m.onnx")));
      site = await serve(copiedAsDocumented());
    });
    afterEach(async () => context.close());
    afterAll(async () => {
      await browser.close();
      await site.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it("tells of the model and its self-test, answers in a worker, and the slider decides anew", async () => {
      const page = await openPage(site.address);
      expect(await textOf(page, "#state")).toBe("untrained: 3 classes. The self-test passed.");
      expect(page.workers()).toHaveLength(1);
      await drawn(40, 30).png().toFile(at("a.png"));
      const [card = ""] = await give(page, [at("a.png")]);
      const scorer = await Scorer.open(at("m.onnx"), { engine });
      const here = await scorer.score(at("a.png"));
      await scorer.release();
      expect(card).toContain(String(here.label));
      expect(card).toContain(`p value ${(here.pValue ?? 0).toPrecision(2)}`);
      expect(card).toContain("a.png");
      // at most the p value's share of known pictures is as strange: kept above 1 - p, not below
      const pValue = here.pValue ?? 0;
      await moveSlider(page, 1 - pValue + 0.01);
      expect(await page.locator("li").getAttribute("class")).toBe("known");
      expect(await textOf(page, "#count")).toMatch(/^1 known, 0 unknown/);
      await moveSlider(page, 1 - pValue - 0.01);
      expect(await page.locator("li").getAttribute("class")).toBe("unknown");
      expect(await textOf(page, "li b")).toBe("Unknown");
      expect(await textOf(page, "#count")).toMatch(/^0 known, 1 unknown/);
    });

    it("says what the file says while the slider stands where the file put it", async () => {
      const cuts = at("cuts.onnx");
      // all of it is unknown by the cuts of the classes, whatever its p value
      await untrainedModel(cuts, ["cat", "dog", "emu"], {}, { perClass: 2 });
      const other = await serve({ ...examplePage, ...besidePage, "model.onnx": readFileSync(cuts) });
      const page = await openPage(other.address);
      await drawn(40, 30).png().toFile(at("strange.png"));
      await give(page, [at("strange.png")]);
      const verdict = async (): Promise<string | null> => page.locator("li").getAttribute("class");
      expect(await verdict()).toBe("unknown");
      // the file keeps all, which is more than the slider goes to
      expect(await textOf(page, "#rate")).toBe("100");
      const start = Number(await page.locator("#keep").inputValue());
      await moveSlider(page, start - 0.005);
      expect(await verdict()).toBe("known");
      expect(await textOf(page, "#rate")).toBe("99");
      await moveSlider(page, start);
      expect(await verdict()).toBe("unknown");
      await other.close();
    });

    it("says of what is no picture, or too large a one, what it is, and goes on", async () => {
      const page = await openPage(site.address);
      writeFileSync(at("notes.png"), "hello");
      writeFileSync(at("empty.jpg"), "");
      await drawn(40, 30).png().toFile(at("good.png"));
      const header = Buffer.from(readFileSync(at("good.png")));
      header.writeUInt32BE(60_000, 16);
      header.writeUInt32BE(50_000, 20);
      writeFileSync(at("huge.png"), header);
      await sharp({ create: { width: 3000, height: 2000, channels: 3, background: "teal" } })
        .webp()
        .toFile(at("large.webp"));
      const names = ["notes.png", "empty.jpg", "huge.png", "large.webp", "good.png"];
      const cards = await give(page, names.map(at));
      expect(cards.toReversed().map((card) => card.replaceAll(/\s+/g, " ").trim())).toEqual([
        "Not scored it is no picture that this browser reads notes.png",
        "Not scored it is no picture that this browser reads empty.jpg",
        "Not scored 60000 x 50000 pixels, more than the 4000000 allowed huge.png",
        "Not scored 3000 x 2000 pixels, more than the 4000000 allowed large.webp",
        expect.stringMatching(/p value .* good.png/),
      ]);
    });

    it("works without a network once it was there", async () => {
      const page = await openPage(site.address);
      await page.evaluate(async () => navigator.serviceWorker.ready);
      await page.reload(); // with the service worker in charge, which keeps what comes
      await settled(page);
      await context.setOffline(true);
      await page.reload();
      await settled(page);
      expect(await textOf(page, "#state")).toBe("untrained: 3 classes. The self-test passed.");
      await drawn(40, 30).png().toFile(at("offline.png"));
      expect(await give(page, [at("offline.png")])).toHaveLength(1);
    });

    it("shows the camera's pictures, or why there are none", async () => {
      const page = await openPage(site.address);
      await page.click("#camera");
      await page.waitForFunction(() => /camera/.test(document.querySelector("#count")?.textContent ?? ""));
      expect(await textOf(page, "#count")).toMatch(/^The camera cannot be used: .*denied/i);
      await context.grantPermissions(["camera"]);
      await page.click("#camera");
      await page.waitForSelector("li:has(video) b");
      expect(await textOf(page, "#camera")).toBe("Stop the camera");
      await page.click("#camera");
      expect(await page.locator("li").count()).toBe(0);
    });

    it.each([
      [
        "is missing",
        undefined,
        /^The model cannot be opened: .*model\.onnx cannot be fetched \(HTTP status 404\)$/,
      ],
      ["is another file", () => Buffer.from("<!doctype html>"), /cannot be opened: no readable ONNX model/],
      ["is damaged", () => Buffer.from(model).fill(1, 3000, 3004), /is damaged: its content has changed/],
    ])("says so when the model %s", async (_what, content, sentence) => {
      const other = await serve({
        ...examplePage,
        ...besidePage,
        ...(content ? { "model.onnx": content() } : {}),
      });
      const page = await openPage(other.address);
      expect(await textOf(page, "#state")).toMatch(sentence);
      expect(await page.locator("main").isVisible()).toBe(false);
      await other.close();
    });

    it("warns when the self-test fails", async () => {
      const failing = changed(/("score":0\.)(\d)/, (found) =>
        found.replace(/\d$/, (digit) => String((Number(digit) + 5) % 10)),
      );
      const other = await serve({ ...examplePage, ...besidePage, "model.onnx": failing });
      const page = await openPage(other.address);
      expect(await textOf(page, "#state")).toMatch(
        /^Do not trust the answers here: the self-test failed \(msp: score /,
      );
      expect(await page.locator("#state").getAttribute("class")).toBe("bad");
      await other.close();
    });

    it("fits a phone: nothing is wider than the screen", async () => {
      const page = await openPage(site.address);
      await page.setViewportSize({ width: 320, height: 640 });
      await drawn(40, 30)
        .png()
        .toFile(at("a-name-without-any-space-that-is-much-longer-than-a-phone-is-wide.png"));
      await give(page, [at("a-name-without-any-space-that-is-much-longer-than-a-phone-is-wide.png")]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    });

    it("reads more transparent pictures at once than a browser has WebGL contexts", async () => {
      const page = await openPage(site.address);
      const names = Array.from({ length: 40 }, (_, i) => at(`glass-${i}.png`));
      const rgba = Buffer.from(Uint8Array.from({ length: 12 * 9 * 4 }, (_, i) => (i * 2_654_435_761) >>> 24));
      for (const name of names)
        await sharp(rgba, { raw: { width: 12, height: 9, channels: 4 } })
          .png()
          .toFile(name);
      const cards = await give(page, names);
      expect(cards.filter((card) => card.includes("p value"))).toHaveLength(40);
    });

    it("reads pictures of every kind as Node does", async () => {
      const rgba = Buffer.from(
        Uint8Array.from({ length: 40 * 300 * 4 }, (_, i) => (i * 2_654_435_761) >>> 24),
      );
      const kinds: Record<string, Sharp> = {
        "transparent.png": sharp(rgba, { raw: { width: 40, height: 300, channels: 4 } }).png(),
        // wider than a texture
        "wide.png": sharp(rgba, { raw: { width: 4000, height: 3, channels: 4 } }).png(),
        "grey.png": drawn(40, 30).greyscale().png(),
        "progressive.jpg": drawn(61, 47).jpeg({ progressive: true, quality: 60 }),
        "turned.jpg": drawn(61, 47).withMetadata({ orientation: 6 }).jpeg(),
        "mirrored.png": drawn(61, 47).withMetadata({ orientation: 4 }).png(),
        "plain.webp": drawn(61, 47).webp({ lossless: true }),
        "wide-gamut.jpg": drawn(61, 47).withIccProfile("p3").jpeg(),
        "few.gif": drawn(61, 47).gif(),
      };
      for (const [name, picture] of Object.entries(kinds)) await picture.toFile(at(name));
      for (const orientation of ["apply", "ignore"] as const) {
        const path = at(`${orientation}.onnx`);
        await untrainedModel(path, ["cat", "dog", "emu"], { orientation });
        const files = Object.fromEntries(Object.keys(kinds).map((name) => [name, at(name)]));
        const other = await serve({
          ...besidePage,
          ...files,
          "model.onnx": path,
          "index.html": new TextEncoder().encode(
            `<!doctype html><script type="module">import * as ort from "./ort.wasm.min.mjs"; import * as oal from "./oal-web.js"; globalThis.here = { ort, oal };</script>`,
          ),
        });
        context = await browser.newContext();
        const page = await context.newPage();
        await page.goto(other.address);
        await page.waitForFunction(() => "here" in globalThis);
        const scores = await page.evaluate(async (names) => {
          const { ort, oal } = Reflect.get(globalThis, "here");
          const model = await oal.openModel("model.onnx", { ort });
          const found: [string, number][] = [];
          for (const name of names)
            found.push([name, (await model.score(await (await fetch(name)).blob())).score]);
          return found;
        }, Object.keys(kinds));
        await other.close();
        const scorer = await Scorer.open(path, { engine });
        for (const [name, score] of scores) {
          const here: ScoreResult = await scorer.score(at(name));
          expect(
            Math.abs(score - (here.score ?? Number.NaN)),
            `${name}, orientation ${orientation}`,
          ).toBeLessThan(1e-6);
        }
        await scorer.release();
        await context.close();
      }
    });
  },
);
