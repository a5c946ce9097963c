/** A whole pipeline of Stable Diffusion from a hub on this machine: fetched in parts, cut, gone on with, and opened where it lies. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { modelParts, readModel, zeros, type Tensor } from "oal-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPromptedDiffusion } from "../outliers/stableDiffusion/open.js";
import { testEngine } from "../testing/engine.js";
import { referenceRoot } from "../testing/golden.js";
import { startHub, type TestHub } from "../testing/hubServer.js";
import type { HubPlace } from "./place.js";
import { pullModel, type PulledModel, type PullOptions } from "./pull.js";

const miniature = join(referenceRoot(), "import", "mini-sd");
const missing = existsSync(miniature) ? "" : ` (skipped: ${miniature} is not there)`;

let hub: TestHub;
let root = "";
let place: HubPlace;
const pull = (options: PullOptions = {}): Promise<PulledModel> =>
  pullModel(place, { repo: "owner/name", revision: "main" }, { wait: 1, ...options });

/** The miniature as a hub has it: the weights of its U-Net in a file beside it, and much that oal has no use for. */
function fillHub(): void {
  for (const entry of readdirSync(miniature, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(miniature, path).split(sep).join("/");
    if (statSync(path).isFile() && !name.startsWith("golden/")) hub.files.set(name, readFileSync(path));
  }
  const { graph } = readModel(readFileSync(join(miniature, "unet", "model.onnx")));
  const { model, data } = modelParts(graph, { data: "model.onnx_data" });
  hub.files.set("unet/model.onnx", Buffer.concat(model));
  hub.files.set("unet/model.onnx_data", Buffer.concat(data));
  hub.files.set("safety_checker/model.onnx", Buffer.alloc(1000));
  hub.files.set("unet/diffusion_pytorch_model.safetensors", Buffer.alloc(1000));
  for (const name of hub.files.keys()) if (/onnx/.test(name)) hub.large.add(name);
}

/** What the U-Net says of ones. */
async function unetOf(folder: string): Promise<Record<string, Tensor>> {
  const { graph } = readModel(readFileSync(join(miniature, "unet", "model.onnx")), {
    sizes: { batch: 1, batch_size: 1, height: 8, width: 8, sequence: 77, sequence_length: 77 },
  });
  const feeds = Object.fromEntries(
    graph.inputs.map((input): [string, Tensor] => {
      const shape = input.dims.map((size) => (typeof size === "number" ? size : 8));
      const data = zeros(
        input.dtype,
        shape.reduce((product, size) => product * size, 1),
      );
      if (data instanceof Float32Array) data.fill(0.5);
      return [input.name, { dtype: input.dtype, shape, data }];
    }),
  );
  const session = await testEngine.open(join(folder, "unet", "model.onnx"));
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

describe.skipIf(missing !== "")(`a pipeline of the hub${missing}`, () => {
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "oal-pipeline-"));
    hub = await startHub();
    fillHub();
    place = { endpoint: hub.endpoint, cache: join(root, "hub"), token: undefined, patience: 5000 };
  });
  afterEach(async () => {
    await hub.close();
    await rm(root, { recursive: true });
  });

  it("comes with all its parts and nothing else, and is opened where it lies, with the weights beside it", async () => {
    const { files, folder } = await pull();
    const names = files.map(({ path }) => path);
    expect(names).toEqual(expect.arrayContaining(["unet/model.onnx_data", "vae_decoder/model.onnx"]));
    expect(names.filter((name) => /safety|safetensors/.test(name))).toEqual([]);
    const { layout, tokenizer } = await openPromptedDiffusion(folder);
    expect(layout.unet).toBe(join(folder, "unet", "model.onnx"));
    expect(tokenizer.length).toBe(77);
    expect(await unetOf(folder)).toEqual(await unetOf(miniature));
  });

  it("that is cut is not there, and the same command goes on with what came", async () => {
    const decoder = hub.files.get("vae_decoder/model.onnx") ?? Buffer.alloc(0);
    let cuts = 0;
    hub.habit = (request, response) => {
      const isStore = request.headers.host !== new URL(hub.endpoint).host;
      if (!isStore || !(request.url ?? "").includes("vae_decoder")) return false;
      if (cuts++ > 0) response.destroy();
      else {
        response.writeHead(200, { "content-length": decoder.length });
        response.write(decoder.subarray(0, 1000), () => setTimeout(() => response.destroy(), 100));
      }
      return true;
    };
    await expect(pull({ tries: 2 })).rejects.toMatchObject({ code: "OAL-D166" });
    expect(existsSync(join(place.cache, "models--owner--name", "snapshots"))).toBe(false);
    hub.habit = () => false;
    hub.seen.length = 0;
    const { folder, files } = await pull();
    expect(files.find(({ path }) => path === "text_encoder/model.onnx")).toMatchObject({ kept: true });
    expect(hub.seen.filter(({ path, range }) => path.includes("vae_decoder") && range)).not.toEqual([]);
    await openPromptedDiffusion(folder);
  });

  it("is begun neither on a disk without room for all of it nor from a hub that is not there, and nothing is left", async () => {
    const whole = [...hub.files].reduce((sum, [, bytes]) => sum + bytes.length, 0);
    const freeBytes = (): Promise<number> => Promise.resolve(whole / 2);
    await expect(pull({ freeBytes })).rejects.toMatchObject({ code: "OAL-I101" });
    place = { ...place, endpoint: "http://127.0.0.1:9" };
    await expect(pull({ tries: 1 })).rejects.toMatchObject({ code: "OAL-D166" });
    expect(existsSync(join(place.cache, "models--owner--name"))).toBe(false);
  });
});
