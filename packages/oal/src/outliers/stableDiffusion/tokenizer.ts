/**
 * The CLIP tokenizer of a model folder: text to the token numbers that the text encoder reads. The only module that knows the
 * library behind it, @huggingface/tokenizers, which takes a `tokenizer.json`; older folders hold `vocab.json` and `merges.txt`, from
 * which that definition is made here.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Tokenizer } from "@huggingface/tokenizers";
import { oalError } from "oal-core";
import { z } from "zod";

/** A tokenizer that was opened. */
export interface ClipTokenizer {
  /** Numbers of the tokens that begin, end and fill up a row. */
  readonly begin: number;
  readonly end: number;
  readonly padding: number;
  /** Tokens of a row, 77. */
  readonly length: number;
  /** Tokens of a text, without begin and end; as many as it has. */
  tokens(text: string): readonly number[];
  /** A row of `length` tokens: begin, at most `length - 2` of the text, end, padding. */
  row(text: string): readonly number[];
  /** The token as text; "?" for a number that is none. */
  name(token: number): string;
}

const special = z.union([z.string(), z.object({ content: z.string() })]);
const configSchema = z.object({
  bos_token: special.nullish(),
  eos_token: special.nullish(),
  pad_token: special.nullish(),
  model_max_length: z.number().nullish(),
});
const vocabularySchema = z.record(z.string(), z.number().int().nonnegative());
const definitionSchema = z.looseObject({
  model: z.looseObject({ type: z.string().nullish(), vocab: vocabularySchema }),
});

/** Tokens of a row where the folder does not say; that of every text encoder of CLIP. */
const usualLength = 77;

/** How CLIP cuts text into words, before the merges (openai/CLIP `clip/simple_tokenizer.py`). */
const words = String.raw`'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;

/**
 * Opens the tokenizer of a model folder.
 *
 * @param folder that with `vocab.json` and `merges.txt`, or `tokenizer.json`
 * @throws OAL-D171 when a file is missing, OAL-I103 for one that is damaged, OAL-D174 for a tokenizer of another kind
 */
export async function openTokenizer(folder: string): Promise<ClipTokenizer> {
  const config = {
    ...(await optionalJson(join(folder, "tokenizer_config.json"), configSchema)),
    ...(await optionalJson(join(folder, "special_tokens_map.json"), configSchema.partial())),
  };
  const [beginText, endText] = [contentOf(config.bos_token), contentOf(config.eos_token)];
  const beginToken = beginText ?? "<|startoftext|>";
  const endToken = endText ?? "<|endoftext|>";
  const definition = await definitionOf(folder, beginToken, endToken);
  const vocabulary = definition.model.vocab;
  let tokenizer: Tokenizer;
  try {
    // loaded when a prompt is to be read, and by nobody else
    const library = await import("@huggingface/tokenizers");
    tokenizer = new library.Tokenizer(definition, { ...config, tokenizer_class: "CLIPTokenizer" });
  } catch (cause) {
    throw oalError("OAL-I103", { path: folder, problem: problemOf(cause) }, cause);
  }
  const numberOf = (token: string, role: string): number =>
    tokenizer.token_to_id(token) ??
    vocabulary[token] ??
    refuse(folder, `its ${role} token "${token}" is not in the vocabulary`);
  const begin = numberOf(beginToken, "first");
  const end = numberOf(endToken, "last");
  const padding = numberOf(contentOf(config.pad_token) ?? endToken, "padding");
  const stated = config.model_max_length ?? usualLength;
  // some configurations say "no limit" by a number beyond all
  const length = Number.isInteger(stated) && stated > 2 && stated <= 4096 ? stated : usualLength;
  const tokens = (text: string): readonly number[] =>
    tokenizer.encode(text, { add_special_tokens: false }).ids;
  return {
    begin,
    end,
    padding,
    length,
    tokens,
    row: (text) => {
      const row = [begin, ...tokens(text).slice(0, length - 2), end];
      return [...row, ...Array.from({ length: length - row.length }, () => padding)];
    },
    name: (token) => tokenizer.id_to_token(token) ?? "?",
  };
}

async function definitionOf(folder: string, begin: string, end: string) {
  const whole = join(folder, "tokenizer.json");
  const [vocabularyPath, mergesPath] = [join(folder, "vocab.json"), join(folder, "merges.txt")];
  if (existsSync(whole) && !existsSync(vocabularyPath)) {
    const definition = await json(whole, definitionSchema);
    if (definition.model.type !== "BPE")
      refuse(folder, `tokenizer.json is of type ${definition.model.type ?? "unknown"}, CLIP's is BPE`);
    return definition;
  }
  for (const path of [vocabularyPath, mergesPath])
    if (!existsSync(path)) throw oalError("OAL-D171", { path, what: "the tokenizer of the prompts" });
  const vocab = await json(vocabularyPath, vocabularySchema);
  const merges = (await readFile(mergesPath, "utf8"))
    .split(/\r?\n/)
    .filter((line) => line !== "" && !line.startsWith("#version"))
    .map((line) => line.split(" "));
  const broken = merges.findIndex((pair) => pair.length !== 2);
  if (broken >= 0)
    throw oalError("OAL-I103", {
      path: mergesPath,
      problem: `merge ${broken + 1} is "${(merges[broken] ?? []).join(" ")}", not two symbols`,
    });
  const added = [begin, end].map((content) => ({
    id: vocab[content] ?? refuse(folder, `"${content}" is not in the vocabulary`),
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: true,
    special: true,
  }));
  return {
    version: "1.0",
    added_tokens: added,
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "NFC" },
        { type: "Replace", pattern: { Regex: String.raw`\s+` }, content: " " },
        { type: "Lowercase" },
      ],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: words }, behavior: "Removed", invert: true },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: null,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: end,
      continuing_subword_prefix: "",
      end_of_word_suffix: "</w>",
      fuse_unk: false,
      vocab,
      merges,
    },
  };
}

function contentOf(token: z.infer<typeof special> | null | undefined): string | undefined {
  return typeof token === "string" ? token : token?.content;
}

async function optionalJson<T>(path: string, schema: z.ZodType<T>): Promise<Partial<T>> {
  return existsSync(path) ? json(path, schema) : {};
}

async function json<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw oalError("OAL-I103", { path, problem: problemOf(cause) }, cause);
  }
}

function problemOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function refuse(folder: string, problem: string): never {
  throw oalError("OAL-D174", { path: folder, problem });
}
