/** Pictures as callers have them, made into the planes a model takes. */
import { kind, oalError, OalError, pictureInput, type PictureInput, type RgbImage } from "oal-core";
import { decodeImage } from "../data/decode.js";
import { problemOf, readRegularFile } from "../data/pictures/folderWalk.js";
import type { BundleFacts } from "./facts.js";

/** A picture: the path of a file, the bytes of one, or decoded pixels. */
export type Picture = string | Uint8Array | RgbImage;

/** A picture under a name; a function is called when its turn comes, and what it throws becomes the picture's error. */
export interface NamedPicture {
  readonly id: string;
  readonly picture: Picture | (() => Picture | Promise<Picture>);
}

/** A picture made ready, or why it is not. */
export interface LoadedPicture {
  readonly id: string;
  readonly input?: PictureInput;
  readonly error?: OalError;
}

function isPixels(value: unknown): value is RgbImage {
  if (
    typeof value !== "object" ||
    value === null ||
    !("data" in value && "width" in value && "height" in value)
  )
    return false;
  const { data, width, height } = value;
  const whole = (side: unknown): side is number => Number.isSafeInteger(side) && Number(side) > 0;
  return data instanceof Uint8Array && whole(width) && whole(height) && data.length === 3 * width * height;
}

function isPicture(value: unknown): value is Picture {
  return (typeof value === "string" && value !== "") || value instanceof Uint8Array || isPixels(value);
}

function isNamed(value: unknown): value is NamedPicture {
  return typeof value === "object" && value !== null && "id" in value && "picture" in value;
}

/** A picture as an argument, with a name or without. */
export const aPicture = kind(
  "the path or bytes of a picture, pixels { width, height, data } with 3 bytes each, or one of them as { id, picture }",
  (value) =>
    isNamed(value)
      ? typeof value.id === "string" && (typeof value.picture === "function" || isPicture(value.picture))
      : isPicture(value),
);

/** A picture with a name: its own, its path, or `fallback`. */
export function named(picture: Picture | NamedPicture, fallback: string): NamedPicture {
  if (isNamed(picture)) return picture;
  return { id: typeof picture === "string" ? picture : fallback, picture };
}

/** Reads, decodes, turns, resizes and crops a picture. Whatever of the catalogue goes wrong becomes its error. */
export async function loadPicture(
  { id, picture }: NamedPicture,
  facts: Pick<BundleFacts, "preprocessing" | "input">,
): Promise<LoadedPicture> {
  try {
    const image = await decodedPicture({ id, picture }, facts.preprocessing);
    return { id, input: pictureInput(image, facts, id) };
  } catch (error) {
    if (error instanceof OalError) return { id, error };
    throw error;
  }
}

/**
 * Reads, decodes and turns a picture.
 *
 * @throws OAL-D102, OAL-D123 as `decodeImage`, and what the picture's own function throws
 */
export async function decodedPicture(
  { id, picture }: NamedPicture,
  rule: Pick<BundleFacts["preprocessing"], "orientation" | "maxPixels">,
): Promise<RgbImage> {
  const given = typeof picture === "function" ? await picture() : picture;
  return isPixels(given) ? given : decodeImage(await bytesOf(given, id), id, rule);
}

async function bytesOf(given: string | Uint8Array, id: string): Promise<Uint8Array> {
  if (typeof given !== "string") return given;
  try {
    return await readRegularFile(given);
  } catch (error) {
    throw oalError("OAL-D102", { file: id, problem: problemOf(error) }, error);
  }
}
