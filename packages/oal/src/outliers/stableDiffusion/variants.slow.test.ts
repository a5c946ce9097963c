/** Folders of diffusion models as exporters write them, and folders that are none. */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine, Session } from "oal-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testEngine } from "../../testing/engine.js";
import { writeTinyDiffusion, type TinyVariant } from "../../testing/tinyDiffusion.js";
import { openDiffusionFolder } from "../diffusion/openFolder.js";
import { decodePictures, synthesize, type SynthesisPictures } from "../synthesis.js";
import { promptConditioner } from "./conditioner.js";
import { openPromptedDiffusion } from "./open.js";
import { classPrompts, sharedToken } from "./prompts.js";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "oal-variants-"));
});
afterAll(() => rm(root, { recursive: true }));

let made = 0;
async function folderOf(variant: TinyVariant = {}): Promise<string> {
  const folder = join(root, String(made++));
  await writeTinyDiffusion(folder, variant);
  return folder;
}

const conditions = {
  embeddings: Float32Array.of(3, 1, 0, 0, 0, -2, 1, 0.5, 1, 1, 1, -1),
  dimension: 4,
  labels: [0, 1, 2],
};
const options = { count: 5, seed: 3, steps: 5, sampler: "plms", guidance: 7.5 };
const wording = { prompt: "a <name> of the", names: ["ant", "red bee", "cats"], piece: "last" } as const;

async function outliers(
  folder: string,
  engine: Engine = testEngine,
  kept?: number,
): Promise<SynthesisPictures> {
  const { layout, tokenizer, table } = await openPromptedDiffusion(folder);
  const prompts = classPrompts(tokenizer, wording);
  const model = await openDiffusionFolder(engine, folder, {
    conditioner: promptConditioner(engine, { path: layout.condition.path, tokenizer, table, prompts }),
    ...(kept === undefined ? {} : { kept }),
  });
  try {
    return await decodePictures(model, await synthesize(engine, model, conditions, options));
  } finally {
    await model.release();
  }
}

describe("a model folder", () => {
  let usual: SynthesisPictures;
  beforeAll(async () => {
    usual = await outliers(await folderOf());
  });

  const variants: readonly (readonly [string, TinyVariant, number])[] = [
    ["token numbers of 32 bits", { ids: "int32" }, 0],
    ["a time of 32 bits", { time: { dtype: "int32", shape: "scalar" } }, 0],
    ["a real time", { time: { dtype: "float32", shape: "scalar" } }, 0],
    ["one time in a list", { time: { dtype: "int64", shape: "one" } }, 0],
    ["a time for every row", { time: { dtype: "float32", shape: "rows" } }, 0],
    ["a time for every row of two", { time: { dtype: "int64", shape: "rows" }, rows: 2 }, 0],
    ["rows one by one", { rows: 1 }, 0],
    ["three rows at once", { rows: 3 }, 0],
    ["the whole text first", { outputs: ["pooler_output", "last_hidden_state"] }, 0],
    ["states of another name", { outputs: ["pooler_output", "states"] }, 0],
    ["states alone", { outputs: ["states"] }, 0],
    ["weights beside the model", { weightsBeside: true }, 0],
    ["floats of 16 bits", { floats: "float16", time: { dtype: "float16", shape: "one" } }, 0.03],
  ];
  it.each(variants)("with %s gives what the usual one gives", async (_what, variant, allowed) => {
    const found = await outliers(await folderOf(variant));
    const most = Math.max(...usual.latents.map(Math.abs));
    const worst = Math.max(...found.latents.map((value, i) => Math.abs(value - (usual.latents[i] ?? NaN))));
    expect(worst / most).toBeLessThanOrEqual(allowed + 1e-5);
    expect([...found.labels]).toEqual([...usual.labels]);
    expect(found.images.length).toBe(5 * 3 * 8 * 8);
  });

  it("makes latents that depend on embedding, class and noise", () => {
    const size = usual.latents.length / 5;
    const of = (i: number): number[] => [...usual.latents.subarray(i * size, (i + 1) * size)];
    // classes in turn: the fourth is of the first one's class and embedding, with other noise
    expect([...usual.labels]).toEqual([0, 1, 2, 0, 1]);
    expect(of(0)).not.toEqual(of(3));
    expect(of(0)).not.toEqual(of(1));
  });

  it("predicts noise or velocity: of a denoiser that knows the picture both come to it", async () => {
    const known = async (prediction: "epsilon" | "v_prediction", said = prediction): Promise<Float32Array> =>
      (await outliers(await folderOf({ knows: prediction, scheduler: { prediction_type: said } }))).latents;
    const [noise, velocity] = [await known("epsilon"), await known("v_prediction")];
    const most = Math.max(...noise.map(Math.abs));
    noise.forEach((value, i) => expect(velocity[i]).toBeCloseTo(value, 3));
    // the pattern of the picture, whatever the noise was: the last step of the schedule leaves a little of that
    const size = noise.length / 5;
    for (let i = 0; i < 5; i++) {
      const own = noise.subarray(i * size, (i + 1) * size);
      const along = own.reduce((sum, value, d) => sum + value * Math.sin(d), 0);
      const length = Math.hypot(...own) * Math.hypot(...own.map((_, d) => Math.sin(d)));
      expect(Math.abs(along) / length).toBeGreaterThan(0.95);
    }
    // said to be what it is not, it comes to something else
    const wrong = await known("v_prediction", "epsilon");
    expect(Math.max(...wrong.map((value, i) => Math.abs(value - (noise[i] ?? 0)))) / most).toBeGreaterThan(
      0.1,
    );
  });

  it("takes an embedding by its direction, or as it is", async () => {
    const folder = await folderOf();
    const { layout, tokenizer, table } = await openPromptedDiffusion(folder);
    const prompts = classPrompts(tokenizer, wording);
    const states = async (lengths: "token" | "own", factor: number): Promise<number[]> => {
      const encoder = { path: layout.condition.path, tokenizer, table, prompts, lengths };
      const conditioner = promptConditioner(testEngine, encoder);
      const model = await openDiffusionFolder(testEngine, folder, { conditioner });
      const embeddings = conditions.embeddings.map((value) => factor * value);
      const found = await model.condition({ embeddings, labels: [2, 0, 1] }, 3);
      await model.release();
      return [...found];
    };
    const token = await states("token", 1);
    (await states("token", 7)).forEach((value, i) => expect(value).toBeCloseTo(token[i] ?? NaN, 5));
    const [own, longer] = [await states("own", 1), await states("own", 7)];
    expect(own).not.toEqual(token);
    // where the outlier stands (behind begin, "a" and what is before the last piece) the state follows its length
    const [place = 0] = prompts[2]?.places ?? [];
    const at = (values: readonly number[], d: number): number => values[place * 4 + d] ?? NaN;
    expect(at(longer, 0) - at(own, 0)).toBeCloseTo(6 * 3 * (1 + 0.3 / tokenizer.length), 3);
  });

  it("is open part by part where memory is short", async () => {
    let [open, most] = [0, 0];
    const opened: string[] = [];
    const counted = async (session: Promise<Session>): Promise<Session> => {
      const made = await session;
      open += 1;
      most = Math.max(most, open);
      return {
        inputs: made.inputs,
        outputs: made.outputs,
        run: (feeds, fetch) => made.run(feeds, fetch),
        release: async () => {
          open -= 1;
          await made.release();
        },
      };
    };
    const engine: Engine = {
      ...testEngine,
      open: (model, given) => {
        opened.push(typeof model === "string" ? (model.split("/").at(-2) ?? "") : "");
        return counted(testEngine.open(model, given));
      },
    };
    const folder = await folderOf();
    expect(await outliers(folder, engine, 0)).toEqual(usual);
    // text encoders are compiled; the sampler's own graph too
    expect([most, open, opened]).toEqual([1, 0, ["unet", "vae_decoder"]]);
    opened.length = 0;
    await outliers(folder, engine);
    expect([most, open, opened]).toEqual([2, 0, ["unet", "vae_decoder"]]);
  });
});

describe("prompts", () => {
  it("replace the last piece of a name where it stands, or as published the first wherever it occurs", async () => {
    const { tokenizer } = await openPromptedDiffusion(await folderOf());
    const prompt = "the high <name> of";
    const names = ["high cat", "beetle"];
    const [highCat, beetle] = classPrompts(tokenizer, { prompt, names, piece: "last" });
    expect([highCat?.places, tokenizer.name(highCat?.token ?? 0)]).toEqual([[4], "cat</w>"]);
    // b e e t l e: the pieces of a word that is not in the vocabulary
    const pieces = tokenizer.tokens("beetle").length;
    expect(beetle?.places).toEqual([2 + pieces]);
    const [first] = classPrompts(tokenizer, { prompt, names, piece: "first" });
    expect([first?.places, tokenizer.name(first?.token ?? 0)]).toEqual([[2, 3], "high</w>"]);
    const words = ["ant", "of"];
    const [none, after] = classPrompts(tokenizer, { prompt, names, piece: "first", words });
    expect(none?.places).toEqual([]);
    expect(after?.places).toEqual([3 + pieces]);
    expect(
      sharedToken(
        classPrompts(tokenizer, { prompt, names: ["ant", "red cat", "bee", "cat"], piece: "last" }),
      ),
    ).toEqual([1, 3]);
  });

  it("are refused where a name is unknown, cut off, or has no place", async () => {
    const { tokenizer } = await openPromptedDiffusion(await folderOf());
    const refusal = (prompt: string, name: string) => (): void =>
      void classPrompts(tokenizer, { prompt, names: [name], piece: "last" });
    expect(refusal("a <name>", "蟻")).toThrow(expect.objectContaining({ code: "OAL-D175" }));
    expect(refusal("a <name>", "  ")).toThrow(expect.objectContaining({ code: "OAL-D175" }));
    expect(refusal("a", "ant")).toThrow(expect.objectContaining({ code: "OAL-C202" }));
    expect(refusal("a <name> or <name>", "ant")).toThrow(expect.objectContaining({ code: "OAL-C202" }));
    expect(refusal("the the the the the the the the the red <name>", "ant")).toThrow(
      expect.objectContaining({ code: "OAL-D176" }),
    );
    // with a letter behind it, it is another word
    expect(refusal("<name>s", "ant")).toThrow(expect.objectContaining({ code: "OAL-D176" }));
  });
});

describe("a folder that is no such model", () => {
  const gone = async (path: string): Promise<string> => {
    const folder = await folderOf();
    await rm(join(folder, path), { recursive: true });
    return folder;
  };
  it.each([
    ["unet/model.onnx", "OAL-D171"],
    ["vae_decoder/model.onnx", "OAL-D171"],
    ["text_encoder", "OAL-D171"],
    ["tokenizer", "OAL-D171"],
    ["tokenizer/vocab.json", "OAL-D171"],
    ["tokenizer/merges.txt", "OAL-D171"],
    ["scheduler/scheduler_config.json", "OAL-D171"],
  ])("is refused without %s, which is named", async (path, code) => {
    const refused = openPromptedDiffusion(await gone(path));
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(path) });
  });

  it("is refused where it lies a folder deeper, or is a file, saying so", async () => {
    const inner = await folderOf();
    await rename(inner, `${inner}-a`);
    await mkdir(inner);
    await rename(`${inner}-a`, join(inner, "inside"));
    await expect(openPromptedDiffusion(inner)).rejects.toMatchObject({
      code: "OAL-D171",
      message: expect.stringContaining(join("inside", "unet")),
    });
    await expect(openPromptedDiffusion(join(inner, "inside", "unet", "model.onnx"))).rejects.toMatchObject({
      code: "OAL-D172",
    });
  });

  it("does without what diffusers' own exports lack", async () => {
    const folder = await folderOf();
    for (const path of ["unet/config.json", "vae_decoder/config.json", "model_index.json"])
      await rm(join(folder, path));
    const { layout } = await openPromptedDiffusion(folder);
    expect(layout).toMatchObject({ latentShape: [4, 64, 64], imageSize: 512, latentScale: 0.18215 });
    const small = await openPromptedDiffusion(folder, { size: 64 });
    expect(small.layout).toMatchObject({ latentShape: [4, 8, 8], imageSize: 64 });
    await expect(openPromptedDiffusion(folder, { size: 60 })).rejects.toMatchObject({ code: "OAL-C202" });
  });

  it.each([
    [{ _class_name: "FlowMatchEulerDiscreteScheduler" }, "_class_name"],
    [{ prediction_type: "sample" }, "prediction_type"],
    [{ beta_schedule: "squaredcos_cap_v2" }, "beta_schedule"],
    [{ trained_betas: [0.1, 0.2] }, "trained_betas"],
    [{ rescale_betas_zero_snr: true }, "rescale_betas_zero_snr"],
  ])("is refused with noise that is not known: %o", async (scheduler, key) => {
    const refused = openPromptedDiffusion(await folderOf({ scheduler }));
    await expect(refused).rejects.toMatchObject({ code: "OAL-D178", details: { key } });
  });

  it("is read with the prediction and noise that it has", async () => {
    const scheduler = {
      prediction_type: "v_prediction",
      _class_name: "DDIMScheduler",
      beta_schedule: "linear",
    };
    const { layout } = await openPromptedDiffusion(await folderOf({ scheduler }));
    expect(layout.prediction).toBe("v_prediction");
    expect(layout.schedule.betas[500]).toBeCloseTo(0.00085 + (500 / 999) * (0.012 - 0.00085), 12);
  });

  it("of another family is refused by name", async () => {
    const of = async (change: (folder: string) => Promise<void>): Promise<unknown> => {
      const folder = await folderOf();
      await change(folder);
      return openPromptedDiffusion(folder).then(
        () => "taken",
        (error: unknown) => error,
      );
    };
    const named = (found: string) => ({ code: "OAL-D177", message: expect.stringContaining(found) });
    const index = (name: string) => (folder: string) =>
      writeFile(join(folder, "model_index.json"), JSON.stringify({ _class_name: name }));
    expect(await of(index("StableDiffusionXLPipeline"))).toMatchObject(named("XL"));
    expect(await of(index("StableDiffusionInpaintPipeline"))).toMatchObject(named("Inpaint"));
    expect(await of((folder) => rename(join(folder, "unet"), join(folder, "transformer")))).toMatchObject(
      named("transformer"),
    );
    expect(
      await of((folder) =>
        rename(
          join(folder, "unet", "model.onnx"),
          join(folder, "unet", "diffusion_pytorch_model.safetensors"),
        ),
      ),
    ).toMatchObject(named("PyTorch"));
    expect(
      await of((folder) =>
        writeFile(join(folder, "unet", "config.json"), '{"in_channels":9,"out_channels":4}'),
      ),
    ).toMatchObject(named("9 channels"));
  });

  it("with the text encoder of another model is refused by the widths of both", async () => {
    const folder = await folderOf();
    const denoiser = { in_channels: 4, sample_size: 4, cross_attention_dim: 6 };
    await writeFile(join(folder, "unet", "config.json"), JSON.stringify(denoiser));
    await expect(openPromptedDiffusion(folder)).rejects.toMatchObject({
      code: "OAL-D172",
      message: expect.stringMatching(/states of width 6, and the text encoder .* width 4/),
    });
  });

  it("with damaged files is refused, naming them", async () => {
    for (const path of ["unet/config.json", "scheduler/scheduler_config.json", "tokenizer/vocab.json"]) {
      const folder = await folderOf();
      await writeFile(join(folder, path), "{");
      await expect(openPromptedDiffusion(folder)).rejects.toMatchObject({
        code: "OAL-I103",
        message: expect.stringContaining(path.split("/").at(-1) ?? ""),
      });
    }
    const folder = await folderOf();
    const merges = join(folder, "tokenizer", "merges.txt");
    await writeFile(merges, `${await readFile(merges, "utf8")}\na b c\n`);
    await expect(openPromptedDiffusion(folder)).rejects.toMatchObject({ code: "OAL-I103" });
    await writeFile(
      join(folder, "text_encoder", "model.onnx"),
      await readFile(join(folder, "unet", "model.onnx")),
    );
    await writeFile(merges, "");
    await expect(openPromptedDiffusion(folder)).rejects.toMatchObject({ code: "OAL-D173" });
  });
});
