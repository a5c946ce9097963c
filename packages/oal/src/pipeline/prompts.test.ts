/** How a run words its prompts, what of them is refused before it starts, and what Stable Diffusion does to its plan and memory. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPromptedDiffusion, type PromptedDiffusion } from "../outliers/stableDiffusion/open.js";
import { writeTinyDiffusion } from "../testing/tinyDiffusion.js";
import { loadConfiguration } from "./configuration/index.js";
import type { Configuration } from "./configuration/schema.js";
import { estimateMemory } from "./memory/estimate.js";
import { leadingTo } from "./plan/stages.js";
import { anchorsOf, promptProblems, promptsOf, wordingOf } from "./prompts.js";
import "./stages/index.js";

let folder = "";
let model: PromptedDiffusion;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "oal-prompts-"));
  await writeTinyDiffusion(folder);
  model = await openPromptedDiffusion(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const configured = (...set: string[]): Configuration =>
  loadConfiguration("folder", { set: [`synthesis.model=${folder}`, "synthesis.prompt=the <name>", ...set] });
const codes = (config: Configuration, names: readonly string[], width = 4): string[] =>
  promptProblems(config, model, names, width).map(({ code }) => code);

describe("a run with prompts", () => {
  it("calls classes by their folders' names, or as it is told", () => {
    const names = ["red_ant", "n01"];
    const config = configured("synthesis.names={n01: bee}");
    expect(wordingOf(config, names)).toEqual({
      prompt: "the <name>",
      names: ["red ant", "bee"],
      piece: "last",
    });
    const prompts = promptsOf(config, model, names);
    const anchors = anchorsOf(prompts, model);
    expect([...anchors.subarray(0, 4)]).toEqual([...model.table.row(model.tokenizer.tokens("ant")[0] ?? -1)]);
    expect(codes(config, names)).toEqual([]);
    const published = configured("fixes.r06=false", "fixes.r07=false");
    expect(wordingOf(published, names)).toMatchObject({
      piece: "first",
      words: expect.arrayContaining(["worm"]),
    });
    const many = Array.from({ length: 101 }, (_, i) => `class${i}`);
    expect(() => wordingOf(published, many)).toThrow(/100 classes/);
  });

  it("is refused where names, tokens or widths do not fit", () => {
    expect(codes(configured(), ["ant", "red ant"])).toEqual(["OAL-T150"]);
    expect(codes(configured("synthesis.align=false"), ["ant", "red ant"])).toEqual([]);
    expect(codes(configured("synthesis.align=false"), ["ant", "bee"], 5)).toEqual(["OAL-D179"]);
    expect(codes(configured(), ["ant", "蜂"])).toEqual(["OAL-D175"]);
    expect(codes(configured("synthesis.names={anr: bee}"), ["ant", "cat"])).toEqual(["OAL-C202"]);
    // a class that is left out needs no prompt, but may be named
    const left = configured("data.leaveOut=蜂", "synthesis.names={蜂: 蜂}");
    expect(codes(left, ["ant", "bee", "蜂"])).toEqual([]);
  });

  it("has other stages, other defaults, and keys without effect", () => {
    const aligned = leadingTo(configured(), ["latents"]);
    expect(aligned).toEqual(["teacher", "embeddings", "alignment", "boundary", "latents"]);
    expect(leadingTo(configured("synthesis.align=false"), ["latents"])).not.toContain("alignment");
    expect(configured().synthesis).toMatchObject({ sampler: "plms", steps: 50, guidance: 7.5, count: 300 });
    expect(configured("synthesis.steps=20").synthesis).toMatchObject({ steps: 20, guidance: 7.5 });
    expect(() => configured("denoiser.steps=5")).toThrow(/synthesis.model, which is not trained/);
    expect(() => configured("synthesis.space=latent", "synthesis.pairs=3")).toThrow(
      /synthesis.space: latent/,
    );
    expect(() => loadConfiguration("folder", { set: ["synthesis.align=true"] })).toThrow(
      /no synthesis.model/,
    );
    expect(configured("fixes.r02=false").synthesis.align).toBe(false);
  });

  it("is counted with its largest part, and more of it where a part computes with 16 bits", () => {
    const aim = { methods: ["ce"], until: "latents" };
    const bytesOf = (diffusion: PromptedDiffusion): number => {
      const parts = estimateMemory(
        configured(),
        aim,
        { classes: 2, train: 50, all: 80, sets: 4 },
        { diffusion },
      );
      return parts.find(({ what }) => what.includes("synthesis.model"))?.bytes ?? NaN;
    };
    const [whole, half] = [bytesOf(model), bytesOf({ ...model, table: { ...model.table, isHalf: true } })];
    expect(whole).toBeGreaterThan(300 * 2 ** 20);
    expect(half).toBeGreaterThan(whole);
  });
});
