/** A folder of Stable Diffusion as a run takes it: looked at before anything is made, its models opened when they are needed. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { oalError } from "oal-core";
import { readLayout, type DiffusionLayout } from "../diffusion/layout.js";
import { readTokenTable, type TokenTable } from "./textEncoder.js";
import { openTokenizer, type ClipTokenizer } from "./tokenizer.js";

/** Stable Diffusion, with what its prompts are made of. */
export interface PromptedDiffusion {
  /** The folder as the user gave it. */
  readonly path: string;
  readonly layout: DiffusionLayout;
  readonly tokenizer: ClipTokenizer;
  readonly table: TokenTable;
  /** SHA-256 of every file that makes a latent or a picture, 64 hexadecimal digits. */
  readonly hash: string;
}

/**
 * Looks at a folder.
 *
 * @param folder of the model
 * @param options path: how the user named it; size: height and width of the pictures in pixels, default the model's
 * @throws those of `readLayout`, `openTokenizer` and `readTokenTable`; OAL-D177 for a model that takes no prompts, OAL-D172 for a text
 *   encoder of another width than the denoiser's
 * @cost reads every file of the model once
 */
export async function openPromptedDiffusion(
  folder: string,
  { path = folder, size }: { readonly path?: string; readonly size?: number } = {},
): Promise<PromptedDiffusion> {
  const layout = await readLayout(folder, size);
  const { condition } = layout;
  if (condition.kind !== "text")
    throw oalError("OAL-D177", {
      path: folder,
      found: "a model of oal, which takes the embeddings of the teacher it was trained with",
    });
  const tokenizer = await openTokenizer(condition.tokenizer);
  const table = await readTokenTable(condition.path);
  if (
    layout.stateWidth !== undefined &&
    table.stateWidth !== undefined &&
    layout.stateWidth !== table.stateWidth
  )
    throw oalError("OAL-D172", {
      path: layout.unet,
      problem: `takes states of width ${layout.stateWidth}, and the text encoder beside it gives states of width ${table.stateWidth}`,
    });
  return { path, layout, tokenizer, table, hash: await contentOf(layout, condition) };
}

/** The files of the parts that are used, with their names. */
async function contentOf(
  { folder, unet, vaeDecoder }: DiffusionLayout,
  condition: { readonly path: string; readonly tokenizer: string },
): Promise<string> {
  const folders = [dirname(unet), dirname(vaeDecoder), dirname(condition.path)];
  const all = createHash("sha256");
  for (const place of [...folders, condition.tokenizer, join(folder, "scheduler")]) {
    if (!existsSync(place)) continue;
    for (const name of readdirSync(place).toSorted()) {
      const file = join(place, name);
      if (!statSync(file).isFile()) continue;
      all.update(`${name} ${await hashOf(file)}\n`);
    }
  }
  return all.digest("hex");
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: 2 ** 22 })) hash.update(piece);
  return hash.digest("hex");
}
