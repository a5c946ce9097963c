/** Names of members as archives write them: bytes in one of several encodings, and paths that may try to leave the archive. */
import { crc32 } from "node:zlib";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The upper half of code page 437, the encoding of the first zip programs. */
const CP437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

/** Text of UTF-8 bytes; undefined for others. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Text of bytes in code page 437. */
export function cp437Text(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : CP437[byte - 128])).join("");
}

/**
 * The path of a member below its archive's root, which is to it what "/" is to a file system: a leading "/" and ".." at the root change
 * nothing, as `tar x` and `unzip` have it.
 *
 * @returns its components; none for the root itself
 */
export function memberPath(name: string): string[] {
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}

/** The name in Info-ZIP's Unicode path field (version, CRC-32 of the plain name, UTF-8), when it belongs to the plain name. */
export function unicodePath(field: Buffer, plain: Uint8Array): string | undefined {
  const belongs = field.length > 5 && field[0] === 1 && field.readUInt32LE(1) === crc32(plain);
  return belongs ? utf8Text(field.subarray(5)) : undefined;
}
