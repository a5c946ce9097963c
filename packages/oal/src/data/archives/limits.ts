/** How far an archive may expand. Both limits are far above pictures as people have them and far below what harms a machine. */
import { oalError } from "oal-core";

/** Bytes that one encoded picture may have: 512 MiB. The pixel limit's 178 million RGB pixels fit in uncompressed. */
export const MAX_PICTURE_BYTES = 2 ** 29;

/**
 * Expanded over packed bytes from which an archive is taken for a bomb. Deflate reaches 1,032 with zeros; compressed pictures stay near 1,
 * uncompressed drawings and folders of tiny pictures in 512-byte blocks below 100.
 */
export const MAX_EXPANSION = 200;

/** Bytes that may expand by any factor, 32 MiB: a white page as BMP is no bomb. */
export const FREE_EXPANSION = 2 ** 25;

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20).toLocaleString("en")} MiB`;

/**
 * Refuses an archive, or a member of it, that expands like a bomb.
 *
 * @param what  the member, or what of the archive was counted
 * @throws OAL-D130
 */
export function refuseBomb(path: string, what: string, expandedBytes: number, packedBytes: number): void {
  if (expandedBytes <= FREE_EXPANSION || expandedBytes <= MAX_EXPANSION * packedBytes) return;
  const problem =
    `${what} would expand from ${packedBytes.toLocaleString("en")} bytes to at least ${mebibytes(expandedBytes)}, ` +
    `more than ${MAX_EXPANSION} times as much`;
  throw oalError("OAL-D130", { path, problem });
}

/**
 * Refuses a picture of more than MAX_PICTURE_BYTES.
 *
 * @throws OAL-D130
 */
export function refuseLarge(path: string, member: string, bytes: number): void {
  if (bytes <= MAX_PICTURE_BYTES) return;
  throw oalError("OAL-D130", { path, problem: `${member} is too large: ${largeProblem(bytes)}` });
}

/** The sentence on a file beyond MAX_PICTURE_BYTES, a clause. */
export function largeProblem(bytes: number): string {
  return `it has ${mebibytes(bytes)}, and a picture may have ${mebibytes(MAX_PICTURE_BYTES)}`;
}
