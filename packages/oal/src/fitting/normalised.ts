/**
 * What pixels become before a model of which nobody says it: tried on some of the known pictures, and kept beside the features, so that
 * the next fit of the same model on the same pictures finds it.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "oal-core";
import { z } from "zod";
import type { SourceItem } from "../data/readers/reader.js";
import { guessNormalisation, guessVersion } from "../models/guessNormalisation.js";
import type { KnownNormalisation, LoadedModel } from "../models/load.js";
import { makeFolderSync } from "../runtime/makeFolder.js";
import { writeFileWhole } from "../runtime/writeFile.js";
import { hashOfItem, planesOf, type FoundSource } from "./pictures.js";

/** How a normalisation is found. */
export interface NormalisedOptions {
  readonly engine: Engine;
  /** Folder that features are cached in. */
  readonly cache: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Told what was found, in a sentence. */
  readonly onMessage?: ((sentence: string) => void) | undefined;
}

/** Pictures that normalisations are tried on. */
const triedPictures = 36;

/**
 * The model with the normalisation that known pictures speak for; as it is where its files say one, or where there are not two pictures.
 *
 * @cost nothing but reading the pictures where this was found before; otherwise as `withGuessedNormalisation`
 */
export async function normalisedBy(
  found: FoundSource,
  model: LoadedModel,
  { engine, cache, signal, onProgress, onMessage }: NormalisedOptions,
): Promise<LoadedModel> {
  if (model.normalisation.source !== "assumed") return model;
  const items = await someItems(found);
  const path = answerFile(cache, model, items);
  let known = readAnswer(path);
  if (!known) {
    // one after the other: decoded photographs are large
    const pictures: Uint8Array[] = [];
    for (const item of items) {
      signal?.throwIfAborted();
      const planes = await planesOf(item, model.preprocessing);
      if (planes instanceof Uint8Array) pictures.push(planes);
    }
    if (pictures.length < 2) return model;
    known = await guessNormalisation(model, {
      engine,
      pictures,
      ...(signal ? { signal } : {}),
      ...(onProgress ? { onProgress } : {}),
    });
    await writeAnswer(path, known);
  }
  const { name, evidence } = known;
  onMessage?.(
    `nothing says what pixels become; tried on pictures: ${name}${evidence.length === 0 ? "" : ` (${evidence.join(" ")})`}`,
  );
  return model.normalised(known);
}

type Met = Exclude<SourceItem, { readonly problem: string }>;

/** Pictures spread over all classes: every fourth first, so that the first few show several of them. */
async function someItems({ sources: [first] }: FoundSource): Promise<Met[]> {
  if (!first) return [];
  const { source } = first;
  const count = Math.min(triedPictures, source.ids.length);
  const spread = Array.from({ length: count }, (_, i) => Math.floor((i * source.ids.length) / count));
  const met = new Map<number, Met>();
  for await (const item of source.read(new Set(spread)))
    if (!("problem" in item)) met.set(item.position, item);
  return [0, 1, 2, 3].flatMap((start) =>
    spread.filter((_, i) => i % 4 === start).flatMap((position) => met.get(position) ?? []),
  );
}

/** The file of an answer, called by all that the answer depends on. */
function answerFile(cache: string, model: LoadedModel, items: readonly Met[]): string {
  // the numbers that pixels become are what is looked for, so they are no part of the question; an order of colours that is given is one
  const { resize, crop, interpolation, orientation } = model.preprocessing;
  const { input, logits, features } = model.facts;
  const values = [input.name, logits?.value ?? null, features?.value ?? null];
  const rule = [resize, crop, interpolation, orientation];
  const { order = "rgb" } = model.normalisation;
  const meaning = [guessVersion, model.hash, rule, order, values, items.map(hashOfItem)];
  const key = createHash("sha256").update(JSON.stringify(meaning)).digest("hex").slice(0, 24);
  return join(cache, "normalisations", `${key}.json`);
}

const three = z.tuple([z.number(), z.number(), z.number()]);
const answer = z.object({
  name: z.string(),
  mean: three,
  std: three,
  order: z.enum(["rgb", "bgr"]).optional(),
  evidence: z.array(z.string()),
});

/** An answer that was kept; null where there is none, or a damaged one: it is found again. */
function readAnswer(path: string): KnownNormalisation | null {
  try {
    const { order, ...rest } = answer.parse(JSON.parse(readFileSync(path, "utf8")));
    return { ...rest, ...(order ? { order } : {}), source: "guess" };
  } catch {
    return null;
  }
}

async function writeAnswer(
  path: string,
  { name, mean, std, order, evidence }: KnownNormalisation,
): Promise<void> {
  try {
    makeFolderSync(join(path, ".."));
    await writeFileWhole(path, JSON.stringify({ name, mean, std, order, evidence }, null, 2));
  } catch {
    // features are kept in the same folder: their cache tells that it takes nothing
  }
}
