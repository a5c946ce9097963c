/**
 * Fits that took long, kept by content: the same detector with the same parameters on the same numbers is not fitted again, in this run or
 * another. Numbers are those of logits, features and last layer; of a fit that runs the network, also the network's own. The pictures that it
 * reads are told by what the same network says of each of them.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import {
  areStored,
  type Detector,
  type FitHead,
  type Fitted,
  type ParameterValues,
  type Tensor,
} from "oal-core";
import { readSafetensors, writeSafetensors } from "../nn/safetensors.js";
import { makeFolderSync } from "../runtime/makeFolder.js";
import { modelContent, type ModelSource } from "./modelTaps.js";
import type { OutputSet } from "./outputs.js";

/** Raise it when fits compute something else from the same numbers, or when files have another form. */
const version = 3;
/** Milliseconds from which a fit is kept: a shorter one is made again as soon as it is found. */
const worthKeeping = 500;
/** Rows that are hashed at once. */
const hashedRows = 1024;
/** Milliseconds after which a fit that nobody has read is removed: 30 days. */
const longestUnused = 30 * 24 * 3600 * 1000;
/** How the files are called that this cache removes. */
const ownFile = /^[0-9a-f]{64}\.safetensors$/;
/** The entry of a file's metadata that holds the hash of its tensors. */
const checksum = "sha256";

/** What a fit depends on. */
export interface FitIdentity {
  readonly detector: Detector;
  readonly parameters: ParameterValues;
  /** The set that it reads. */
  readonly set: OutputSet;
  readonly head: FitHead | undefined;
  /** What is run where it reads more than stored outputs. */
  readonly model?: ModelSource | undefined;
}

/** Fits in a folder, one file each. */
export class FitCache {
  readonly #folder: string;
  readonly #least: number;
  readonly #hashes = new WeakMap<OutputSet, string>();
  #refusal: string | undefined;
  #isSwept = false;

  /**
   * @param folder  made when something is kept
   * @param least  milliseconds from which a fit is kept
   */
  constructor(folder: string, least = worthKeeping) {
    this.#folder = folder;
    this.#least = least;
  }

  /** The fit that was kept, else the one made; what it throws is thrown. */
  async fit(identity: FitIdentity, make: () => Promise<Fitted>): Promise<Fitted> {
    if (!isKept(identity)) return make();
    const path = join(this.#folder, `${this.#keyOf(identity)}.safetensors`);
    const kept = await readFit(path, identity.detector);
    if (kept) {
      await markUsed(path);
      return { tensors: kept, bank: null };
    }
    const start = performance.now();
    const made = await make();
    if (performance.now() - start >= this.#least) await this.#keep(path, made.tensors);
    return made;
  }

  /** A sentence where the folder takes nothing. */
  get warnings(): string[] {
    return this.#refusal === undefined
      ? []
      : [`fits could not be kept for the next time (${this.#refusal}); OAL_CACHE names another folder`];
  }

  async #keep(path: string, tensors: Fitted["tensors"]): Promise<void> {
    try {
      makeFolderSync(this.#folder);
      const all = new Map(Object.entries(tensors));
      await writeSafetensors(path, all, { [checksum]: hashOf(all) });
      if (!this.#isSwept) await removeUnused(this.#folder);
      this.#isSwept = true;
    } catch (error) {
      this.#refusal = error instanceof Error ? error.message : String(error);
    }
  }

  #keyOf({ detector, parameters, set, head, model }: FitIdentity): string {
    const { id, version: ofDetector, fitReads, fitCode, fitTaps } = detector;
    const read = Object.entries(parameters).filter(([name]) => fitReads.includes(name));
    const hash = createHash("sha256");
    const run = areStored(fitTaps) || !model ? null : modelContent(model, fitTaps);
    hash.update(JSON.stringify([version, id, ofDetector, fitCode, read, this.#contentOf(set), run]));
    for (const tensor of head ? [head.weight, head.bias] : []) updateWith(hash, tensor);
    return hash.digest("hex");
  }

  /** The hash of a set's labels, logits and features; taken once. */
  #contentOf(set: OutputSet): string {
    const known = this.#hashes.get(set);
    if (known !== undefined) return known;
    const hash = createHash("sha256");
    hash.update(JSON.stringify([set.group, set.labels.length, set.logits.width, set.features.width]));
    hash.update(bytesOf(set.labels));
    for (const rows of [set.logits, set.features])
      for (let start = 0; start < rows.count; start += hashedRows)
        hash.update(bytesOf(rows.read(start, Math.min(rows.count, start + hashedRows))));
    const found = hash.digest("hex");
    this.#hashes.set(set, found);
    return found;
  }
}

/** Whether a fit can be kept: tensors from what is stored of every image, or from a model that can be told by its content. */
function isKept({ detector: { fittedNames, bank, fitTaps }, model }: FitIdentity): boolean {
  return fittedNames.length > 0 && bank === null && (areStored(fitTaps) || model !== undefined);
}

/** What a file holds; undefined where there is none, or one that is damaged or another detector's. */
async function readFit(path: string, { fittedNames }: Detector): Promise<Fitted["tensors"] | undefined> {
  if (!existsSync(path)) return undefined;
  try {
    const { tensors, metadata } = await readSafetensors(path);
    const isWhole = metadata[checksum] === hashOf(tensors);
    return isWhole && fittedNames.every((name) => tensors.has(name))
      ? Object.fromEntries(tensors)
      : undefined;
  } catch {
    return undefined; // it is made again, and written over
  }
}

/** The hash of names, shapes and numbers. */
function hashOf(tensors: ReadonlyMap<string, Tensor>): string {
  const hash = createHash("sha256");
  for (const [name, tensor] of tensors) {
    hash.update(JSON.stringify(name));
    updateWith(hash, tensor);
  }
  return hash.digest("hex");
}

/** A file that is read stays; one that cannot be marked is removed a little early. */
async function markUsed(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

/** Removes the fits that were neither made nor read for long. What another process removes or reads meanwhile is its own affair. */
async function removeUnused(folder: string): Promise<void> {
  const before = Date.now() - longestUnused;
  for (const name of await readdir(folder)) {
    if (!ownFile.test(name)) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found && found.mtimeMs < before) await rm(path, { force: true }).catch(() => undefined);
  }
}

function updateWith(hash: ReturnType<typeof createHash>, { shape, data }: Tensor): void {
  hash.update(JSON.stringify(shape));
  hash.update(bytesOf(data));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
