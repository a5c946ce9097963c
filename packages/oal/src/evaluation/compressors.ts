/** How the pages of a Parquet file are unpacked: in every way that Node.js knows, beside those that the reader of these files knows itself. */
import * as zlib from "node:zlib";

/** Unpacks a page. @param length  bytes that the file says the page has */
type Unpack = (page: Uint8Array, length: number) => Uint8Array;

/** A page that is longer than the file says ends the reading, not the memory. */
const atMost = (length: number): { readonly maxOutputLength: number } => ({
  maxOutputLength: Math.max(1, length),
});

const readable = "write it with snappy, gzip or brotli";

const unknown =
  (name: string): Unpack =>
  () => {
    throw new Error(`its columns are packed by ${name}, which is not read here: ${readable}`);
  };

/** Node.js has zstd from version 22.15 on. */
function unpackZstd(page: Uint8Array, length: number): Uint8Array {
  const known: unknown = Reflect.get(zlib, "zstdDecompressSync");
  const found: unknown =
    typeof known === "function" ? Reflect.apply(known, undefined, [page, atMost(length)]) : undefined;
  if (found instanceof Uint8Array) return found;
  throw new Error(
    `its columns are packed by zstd, which Node.js ${process.versions.node} does not know (22.15 and later do): ${readable}`,
  );
}

/** By the names of the Parquet format. */
export const compressors: Readonly<Record<"GZIP" | "BROTLI" | "ZSTD" | "LZ4" | "LZ4_RAW" | "LZO", Unpack>> = {
  GZIP: (page, length) => zlib.gunzipSync(page, atMost(length)),
  BROTLI: (page, length) => zlib.brotliDecompressSync(page, atMost(length)),
  ZSTD: unpackZstd,
  LZ4: unknown("LZ4"),
  LZ4_RAW: unknown("LZ4"),
  LZO: unknown("LZO"),
};
