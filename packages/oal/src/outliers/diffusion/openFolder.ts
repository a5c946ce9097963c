/** Opens a latent diffusion model from a folder in the Hugging Face / Optimum ONNX layout; see layout.ts for what is taken. */
import { join } from "node:path";
import { float32Tensor, oalError, sizeOf, type Engine, type Session, type Tensor } from "oal-core";
import { encodePictures, inBatches, padded } from "./batches.js";
import { readModelFile } from "../../runtime/modelFile.js";
import { embeddingConditioner } from "./embeddingConditioner.js";
import { declaredRows, fedType, floatsOf, inputNamed, tensorAs, timeTensor } from "./feeds.js";
import { readLayout } from "./layout.js";
import type { LatentDiffusion, MakeConditioner } from "./model.js";
import { bytesBesides, Parts, type Part } from "./parts.js";

/** How a folder is opened. */
export interface OpenFolderOptions {
  /** What turns embeddings into states. Default: the model's own condition encoder. */
  readonly conditioner?: MakeConditioner;
  /** Height and width of the pictures, in pixels. Default: the model's. */
  readonly size?: number;
  /** Bytes of parts that stay open while another one is used. */
  readonly kept?: number;
}

/**
 * Opens a model folder. Its parts are opened when they are needed.
 *
 * @throws those of `readLayout`; OAL-D172 for a model with text prompts when no conditioner is given. Later OAL-R101 when the engine
 *   refuses a part, OAL-D172 for one that does not take or give what its place in the folder asks for
 */
export async function openDiffusionFolder(
  engine: Engine,
  folder: string,
  options: OpenFolderOptions = {},
): Promise<LatentDiffusion> {
  const layout = await readLayout(folder, options.size);
  const { latentShape, imageSize, latentScale, schedule, prediction, rows } = layout;
  const parts = new Parts(options.kept);
  const part = (name: string, path: string): Part => ({
    name,
    bytes: bytesBesides(path),
    open: () => engine.open(path),
  });
  const conditioner = (options.conditioner ?? embeddingConditioner(engine, layout))(parts);
  const { stateShape } = conditioner;
  if (layout.stateWidth !== undefined && layout.stateWidth !== stateShape[1])
    throw oalError("OAL-D172", {
      path: layout.unet,
      problem: `takes states of width ${layout.stateWidth}, and those of its prompts have ${stateShape[1]}`,
    });
  const [unet, decoder] = [part("unet", layout.unet), part("vae_decoder", layout.vaeDecoder)];
  const encoder = layout.vaeEncoder === undefined ? null : part("vae_encoder", layout.vaeEncoder);
  const imageShape = [3, imageSize, imageSize] as const;
  return {
    ...conditioner,
    latentShape,
    imageSize,
    latentScale,
    schedule,
    prediction,
    denoiserBatch: rows.denoiser,
    encode: async (pixels, count) => {
      if (encoder === null)
        throw oalError("OAL-D171", { path: join(folder, "vae_encoder"), what: "the encoder of pictures" });
      const session = await parts.use(encoder);
      const run = (sample: Tensor): Promise<Tensor> =>
        withRows(session, folder, { first: floatsOf(sample), shape: imageShape, output: momentsShape });
      const momentsShape = [2 * latentShape[0], latentShape[1], latentShape[2]];
      const size = sizeOf(imageShape);
      return encodePictures({ batch: rows.autoEncoder, imageShape, latentShape, run }, count, (begin, some) =>
        pixels.subarray(begin * size, (begin + some) * size),
      );
    },
    decode: async (latents, count) => {
      const session = await parts.use(decoder);
      const size = sizeOf(imageShape);
      const pixels = new Uint8Array(count * size);
      await inBatches(count, rows.autoEncoder, async (begin, some) => {
        const scaled = padded(latents, begin, some, rows.autoEncoder, sizeOf(latentShape));
        const given = { first: scaled.map((v) => v / latentScale), shape: latentShape, output: imageShape };
        const sample = floatsOf(await withRows(session, layout.vaeDecoder, given));
        for (let i = 0; i < some * size; i++) {
          const value = Math.round(127.5 * ((sample[i] ?? 0) + 1));
          pixels[begin * size + i] = Math.min(255, Math.max(0, value));
        }
      });
      return pixels;
    },
    decoderGraph: async () => (await readModelFile(layout.vaeDecoder)).graph,
    predict: async (latents, time, states) => {
      const session = await parts.use(unet);
      const path = layout.unet;
      const declared = inputNamed(session, ["timestep", "t"], path);
      const statesInput = inputNamed(session, ["encoder_hidden_states"], path);
      refuseUnknownInputs(session, ["sample", declared.name, statesInput.name], path);
      return withRows(session, path, {
        first: latents,
        shape: latentShape,
        output: latentShape,
        more: (begin, some) => ({
          [declared.name]: timeTensor(declared, time, some, path),
          [statesInput.name]: tensorAs(
            fedType(statesInput, path),
            [some, ...stateShape],
            slice(states, begin, some, sizeOf(stateShape)),
          ),
        }),
      });
    },
    release: () => parts.release(),
  };
}

/** Inputs beside the known ones: what distilled and larger models want beside a time and a prompt. */
function refuseUnknownInputs({ inputs }: Session, known: readonly string[], path: string): void {
  const unknown = inputs.find(({ name }) => !known.includes(name));
  if (unknown === undefined) return;
  throw oalError("OAL-D172", { path, problem: `it has an input "${unknown.name}" that is not known` });
}

/** Rows through a model whose first input is the only large one. */
interface Rows {
  /** Values of the first input, [rows, ...shape]. */
  readonly first: Float32Array;
  readonly shape: readonly number[];
  /** Shape of a row of the first output. */
  readonly output: readonly number[];
  /** The other inputs, for rows `begin` to `begin + some`. */
  readonly more?: (begin: number, some: number) => Readonly<Record<string, Tensor>>;
}

/**
 * Computes the first output of a model for any number of rows: all at once where the model leaves the number open, in calls of the
 * declared number otherwise, the last of which is filled up with zeros.
 */
async function withRows(
  session: Session,
  path: string,
  { first, shape, output, more }: Rows,
): Promise<Tensor> {
  const input = session.inputs.find(({ name }) => name === "sample") ?? session.inputs[0];
  const [result] = session.outputs;
  if (!input || !result) throw oalError("OAL-D172", { path, problem: "it has no input or no output" });
  const count = first.length / sizeOf(shape);
  const rows = declaredRows(input) ?? count;
  const values = new Float32Array(count * sizeOf(output));
  for (let begin = 0; begin < count; begin += rows) {
    const fed = tensorAs(fedType(input, path), [rows, ...shape], slice(first, begin, rows, sizeOf(shape)));
    const results = await session.run({ [input.name]: fed, ...more?.(begin, rows) }, [result.name]);
    const found = results[result.name];
    const wanted = [rows, ...output];
    if (found?.shape.join() !== wanted.join())
      throw oalError("OAL-D172", {
        path,
        problem: `gives [${found?.shape.join(", ") ?? ""}] where [${wanted.join(", ")}] is wanted`,
      });
    const some = Math.min(rows, count - begin);
    values.set(floatsOf(found).subarray(0, some * sizeOf(output)), begin * sizeOf(output));
  }
  return float32Tensor([count, ...output], values);
}

/** Rows from `begin` on, zeros behind the last. */
function slice(values: Float32Array, begin: number, rows: number, size: number): Float32Array {
  const end = (begin + rows) * size;
  if (end <= values.length) return values.subarray(begin * size, end);
  const filled = new Float32Array(rows * size);
  filled.set(values.subarray(begin * size));
  return filled;
}
