/** Reference values `import/mini-sd`: a whole miniature of Stable Diffusion, every value of it through the parts that oal opens. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { float32Data, float32Tensor, type Session, type Tensor } from "oal-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { readSafetensors } from "../../nn/safetensors.js";
import { testEngine } from "../../testing/engine.js";
import { referenceRoot } from "../../testing/golden.js";
import { noteGolden, noteOf } from "../../testing/goldenSuite.js";
import { floatsOf, timeTensor } from "../diffusion/feeds.js";
import type { LatentDiffusion } from "../diffusion/model.js";
import { openDiffusionFolder } from "../diffusion/openFolder.js";
import { prepareSampler } from "../samplers/drive.js";
import { samplers } from "../samplers/index.js";
import { gridOf, uniformTimesteps } from "../samplers/schedule.js";
import { promptConditioner } from "./conditioner.js";
import { classPrompts } from "./prompts.js";
import { encodeRow, openCutEncoder, readTokenTable, rowFeeds, type TokenTable } from "./textEncoder.js";
import { openTokenizer, type ClipTokenizer } from "./tokenizer.js";

const folder = join(referenceRoot(), "import", "mini-sd");
const manifestPath = join(folder, "golden", "manifest.json");
const isThere = existsSync(manifestPath);
if (!isThere) process.stderr.write(`no ${manifestPath}: the golden tests of Stable Diffusion are skipped\n`);

const tolerance = z.object({ rtol: z.number(), atol: z.number() });
const schema = z.object({
  scalingFactor: z.number(),
  imageSize: z.number(),
  tokenizer: z.object({ bosId: z.number(), eosId: z.number(), padId: z.number(), maxLength: z.number() }),
  prompts: z.array(
    z.object({
      prompt: z.string(),
      ids: z.array(z.number()),
      tokens: z.array(z.string()),
      truncated: z.boolean(),
    }),
  ),
  textGolden: z.object({ prompts: z.array(z.string()) }),
  replaceGolden: z.object({
    cases: z.array(
      z.object({
        className: z.string(),
        prompt: z.string(),
        ids: z.array(z.number()),
        namePositions: z.array(z.number()),
        firstTokenId: z.number(),
        positionsOfThatIdInPrompt: z.array(z.number()),
      }),
    ),
  }),
  sampleGolden: z.object({
    steps: z.number(),
    guidance: z.number(),
    timesteps: z.array(z.number()),
    alphaBar: z.array(z.number()),
    alphaBarPrev: z.array(z.number()),
    conditioning: z.array(z.string()),
    runs: z.record(z.string(), z.string()),
  }),
  unetGolden: z.object({ timestep: z.number() }),
  tolerance: z.record(z.string(), z.union([z.literal("exact"), tolerance])),
});
const manifest = isThere ? schema.parse(JSON.parse(readFileSync(manifestPath, "utf8"))) : null;

describe.skipIf(manifest === null)("the miniature of Stable Diffusion", () => {
  const golden = manifest ?? schema.parse({});
  let tensors: ReadonlyMap<string, Tensor> = new Map();
  let tokenizer: ClipTokenizer;
  let table: TokenTable;
  let model: LatentDiffusion;
  let encoder: Session;
  const text = join(folder, "text_encoder", "model.onnx");

  const stored = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`no golden tensor ${name}`);
    return floatsOf(tensor);
  };
  const compared = new Set<string>();
  let shares: [name: string, share: number][] = [];
  /** Compares with a stored tensor, or a part of it, within its own tolerance. */
  const close = (got: ArrayLike<number>, name: string, part?: Float32Array): void => {
    const want = part ?? stored(name);
    compared.add(name);
    const found = golden.tolerance[name] ?? golden.tolerance[name.replace(/\/\d+$/, "")];
    if (found === undefined || found === "exact") throw new Error(`no tolerance for ${name}`);
    expect(got.length, name).toBe(want.length);
    let worst = 0;
    want.forEach((value, i) => {
      const allowed = found.atol + found.rtol * Math.abs(value);
      worst = Math.max(worst, Math.abs((got[i] ?? NaN) - value) / allowed);
    });
    shares.push([name, worst]);
    expect(worst, `${name}: share of the tolerance`).toBeLessThanOrEqual(1);
  };
  /** Compares pictures of 8 bits with a decoder's output, half a step of rounding aside. */
  const closePictures = (pixels: Uint8Array, name: string): void => {
    const found = golden.tolerance[name];
    if (found === undefined || found === "exact") throw new Error(`no tolerance for ${name}`);
    const want = stored(name);
    compared.add(name);
    expect(pixels.length).toBe(want.length);
    const excess = pixels.map((value, i) => {
      const wanted = 127.5 * (Math.min(1, Math.max(-1, want[i] ?? 0)) + 1);
      const allowed = 0.5 + 127.5 * (found.atol + found.rtol * Math.abs(want[i] ?? 0));
      return Math.abs(value - wanted) > allowed ? 1 : 0;
    });
    expect(excess.indexOf(1), `${name}: the first value beyond its tolerance`).toBe(-1);
  };
  const embeddingsOf = (row: readonly number[]): Float32Array =>
    Float32Array.from(row.flatMap((token) => [...table.row(token)]));
  /** States of a row with a vector at some places. */
  const statesOf = async (
    row: readonly number[],
    vector: Float32Array = new Float32Array(),
    places: readonly number[] = [],
  ): Promise<Float32Array> => {
    const values = embeddingsOf(row);
    for (const place of places) values.set(vector, place * table.width);
    return encodeRow(encoder, text, row, values);
  };

  beforeAll(async () => {
    tensors = (await readSafetensors(join(folder, "golden", "golden.safetensors"))).tensors;
    tokenizer = await openTokenizer(join(folder, "tokenizer"));
    table = await readTokenTable(text);
    encoder = await openCutEncoder(testEngine, text);
    const names = golden.replaceGolden.cases.map(({ className }) => className);
    const wording = { prompt: "A high-quality image of the <name>", names, piece: "last" } as const;
    const prompts = classPrompts(tokenizer, wording);
    const conditioner = promptConditioner(testEngine, { path: text, tokenizer, table, prompts });
    model = await openDiffusionFolder(testEngine, folder, { conditioner });
  });
  afterAll(async () => {
    await model.release();
    await encoder.release();
  });

  beforeEach(() => {
    shares = [];
  });
  afterEach((context) => {
    noteGolden(context, noteOf("import/mini-sd", context.task.name, shares));
  });

  it("reads every prompt as the published tokenizer does", () => {
    const { bosId, eosId, padId, maxLength } = golden.tokenizer;
    expect(tokenizer).toMatchObject({ begin: bosId, end: eosId, padding: padId, length: maxLength });
    for (const { prompt, ids, tokens, truncated } of golden.prompts) {
      const row = tokenizer.row(prompt);
      expect(row.slice(0, ids.length), prompt).toEqual(ids);
      expect(row.slice(ids.length).every((id) => id === padId)).toBe(true);
      expect(tokenizer.tokens(prompt).length > maxLength - 2).toBe(truncated);
      if (!truncated) expect(tokenizer.tokens(prompt).map((id) => tokenizer.name(id))).toEqual(tokens);
    }
  });

  it("encodes prompts behind the cut as the whole encoder does", async () => {
    const { prompts } = golden.textGolden;
    const want = stored("text/last_hidden_state");
    const size = want.length / prompts.length;
    for (const [i, prompt] of prompts.entries())
      close(
        await statesOf(tokenizer.row(prompt)),
        "text/last_hidden_state",
        want.slice(i * size, (i + 1) * size),
      );
  });

  it("puts a vector in the place of a token, of all of a name, and of a row of the table", async () => {
    for (const [n, each] of golden.replaceGolden.cases.entries()) {
      const row = tokenizer.row(each.prompt);
      const vector = stored(`replace/${n}/vector`);
      const named = (what: string): string => `replace/${n}/${what}/last_hidden_state`;
      const [first = 0] = each.namePositions;
      close(await statesOf(row, vector, [first]), named("firstToken"));
      close(await statesOf(row, vector, each.namePositions), named("allTokens"));
      const wording = { prompt: each.prompt.replace(each.className, "<name>"), names: [each.className] };
      const [published] = classPrompts(tokenizer, { ...wording, piece: "first" });
      expect(published).toMatchObject({
        token: each.firstTokenId,
        places: each.positionsOfThatIdInPrompt,
        row,
      });
      if (tensors.has(named("tableRow")))
        close(await statesOf(row, vector, published?.places), named("tableRow"));
      const [corrected] = classPrompts(tokenizer, { ...wording, piece: "last" });
      expect(corrected).toMatchObject({
        places: [each.namePositions.at(-1)],
        token: row[each.namePositions.at(-1) ?? 0],
      });
    }
  });

  it("gives the state of the whole text beside those of its tokens", async () => {
    const pooled = async (row: readonly number[], values: Float32Array): Promise<number[]> => {
      const { pooler_output: found } = await encoder.run(rowFeeds(encoder, text, row, values));
      return found ? [...floatsOf(found)] : [];
    };
    const rows = golden.textGolden.prompts.map((prompt) => tokenizer.row(prompt));
    expect(Array.from(tensors.get("text/input_ids")?.data ?? [], Number)).toEqual(rows.flat());
    compared.add("text/input_ids");
    const all: number[] = [];
    for (const row of rows) all.push(...(await pooled(row, embeddingsOf(row))));
    close(all, "text/pooler_output");
    for (const [n, each] of golden.replaceGolden.cases.entries()) {
      const row = tokenizer.row(each.prompt);
      for (const [what, places] of Object.entries({
        firstToken: each.namePositions.slice(0, 1),
        allTokens: each.namePositions,
        tableRow: each.positionsOfThatIdInPrompt,
      })) {
        const name = `replace/${n}/${what}/pooler_output`;
        if (!tensors.has(name)) continue;
        const values = embeddingsOf(row);
        for (const place of places) values.set(stored(`replace/${n}/vector`), place * table.width);
        close(await pooled(row, values), name);
      }
    }
  });

  it("predicts noise", async () => {
    const session = await testEngine.open(join(folder, "unet", "model.onnx"));
    const [sample, states] = [tensors.get("unet/sample"), tensors.get("unet/encoder_hidden_states")];
    const time = session.inputs.find(({ name }) => name === "timestep");
    if (!sample || !states || !time) throw new Error("no golden tensors of the U-Net");
    const timestep = timeTensor(time, golden.unetGolden.timestep, sample.shape[0] ?? 1, folder);
    const results = await session.run({ sample, encoder_hidden_states: states, timestep });
    await session.release();
    const [found] = Object.values(results);
    close(found ? floatsOf(found) : [], "unet/out_sample");
  });

  it("encodes and decodes pictures", async () => {
    const sample = tensors.get("encode/sample");
    const session = await testEngine.open(join(folder, "vae_encoder", "model.onnx"));
    const results = sample ? await session.run({ sample }) : {};
    await session.release();
    const [moments] = Object.values(results);
    if (moments) close(floatsOf(moments), "encode/latent_parameters");
    // the model's own way takes pictures of 8 bits
    const pixels = Uint8Array.from(stored("encode/sample"), (v) => Math.round(127.5 * (v + 1)));
    const count = sample?.shape[0] ?? 0;
    const { mean } = await model.encode(pixels, count);
    const want = stored("encode/latent_parameters");
    const size = mean.length / count;
    const means = mean.map((_, at) => want[at + Math.floor(at / size) * size] ?? NaN);
    expect(Math.max(...means.map((value, at) => Math.abs(value - (mean[at] ?? NaN))))).toBeLessThan(0.2);
    const scaled = means.map((value) => value * model.latentScale);
    closePictures(await model.decode(scaled, count), "encode/reconstruction");
  });

  it.each(Object.keys(golden.sampleGolden.runs))("samples with guidance: %s", async (name) => {
    const sampling = golden.sampleGolden;
    const id = name.startsWith("ddim") ? "ddim" : name;
    const sampler = samplers.find(id);
    const eta = Number(/Eta(\d)(\d)$/.exec(name)?.slice(1).join(".") ?? 0);
    const grid = gridOf(model.schedule, uniformTimesteps(sampling.steps, model.schedule.betas.length));
    expect([...grid.timesteps]).toEqual(sampling.timesteps);
    grid.alphaBar
      .slice(0, -1)
      .forEach((level, i) => expect(level).toBeCloseTo(sampling.alphaBar[i] ?? 0, 10));
    grid.alphaBar
      .slice(1)
      .forEach((level, i) => expect(level).toBeCloseTo(sampling.alphaBarPrev[i] ?? 0, 10));
    const empty = await statesOf(tokenizer.row(""));
    const [plain, replaced] = [golden.replaceGolden.cases[0], golden.replaceGolden.cases[1]];
    const items = [
      await statesOf(tokenizer.row(plain?.prompt ?? "")),
      await statesOf(
        tokenizer.row(replaced?.prompt ?? ""),
        stored("replace/1/vector"),
        replaced?.namePositions.slice(0, 1),
      ),
    ];
    const ofText = "text/last_hidden_state";
    close(
      items.flatMap((each) => [...each]),
      ofText,
      stored("sample/conditioning"),
    );
    close(empty, ofText, stored("sample/unconditional"));
    const states = Float32Array.from([empty, empty, ...items].flatMap((each) => [...each]));
    const shape = [2, ...model.latentShape];
    const run = await prepareSampler(testEngine, {
      sampler,
      grid,
      options: id === "ddim" ? { eta } : {},
      shape,
      guidance: sampling.guidance,
      prediction: model.prediction,
    });
    const noise = stored("sample/noise");
    const size = stored("sample/x_T").length;
    const followed: number[] = [];
    const guided: number[] = [];
    let last = new Float32Array();
    const end = await run.run(
      stored("sample/x_T"),
      async (latent, time, step) => {
        const values = float32Data(latent);
        const both = new Float32Array(2 * values.length);
        both.set(values);
        both.set(values, values.length);
        const output = float32Data(await model.predict(both, time, states));
        const [without, conditioned] = [output.subarray(0, size), output.subarray(size)];
        // the first step of PLMS asks twice
        if (guided.length === step * size)
          without.forEach((e, i) => guided.push(e + sampling.guidance * ((conditioned[i] ?? NaN) - e)));
        return {
          unconditional: float32Tensor(shape, without),
          conditional: float32Tensor(shape, conditioned),
        };
      },
      (step) => noise.slice(step * size, (step + 1) * size),
      (_step, latent, data) => {
        for (const value of latent) followed.push(value);
        last = Float32Array.from(data);
      },
    );
    await run.release();
    close(followed, `sample/${name}/latents`);
    close(guided, `sample/${name}/eps`);
    close(last, `sample/${name}/pred_x0`);
    closePictures(await model.decode(end, 2), `decode/${name}`);
  });

  it("leaves no stored value uncompared", () => {
    // what the network is fed with
    const given =
      /^(sample\/(x_T|noise|conditioning|unconditional)|unet\/(sample|encoder_hidden_states)|encode\/sample|replace\/\d+\/vector)$/;
    const left = [...tensors.keys()].filter((name) => !given.test(name) && !compared.has(name));
    expect(left).toEqual([]);
  });
});
