/**
 * JPEG to RGBA through jSquash's build of MozJPEG. libjpeg leaves a failed image by a jump that gives nothing back: stack and memory of
 * the WebAssembly instance stay taken, and after about a hundred broken files intact ones would fail or never end. So an instance that
 * failed is not used again. Images are decoded one after another, since what libjpeg says of them goes to one place.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import decode, { init } from "@jsquash/jpeg/decode.js";
import { memoryOf, MOST_MEMORY_KEPT, type RgbaImage } from "./wasm.js";

/** What came out of one image. */
export interface DecodedJpeg {
  /** Undefined when there is none. */
  readonly image: RgbaImage | undefined;
  /** libjpeg's warnings and errors: it reports damage and then invents pixels. */
  readonly said: readonly string[];
}

let compiled: WebAssembly.Module | undefined;
let instance: WebAssembly.Instance | undefined;
let said: string[] = [];
let queue: Promise<unknown> = Promise.resolve();

async function renew(): Promise<void> {
  const require = createRequire(import.meta.url);
  compiled ??= new WebAssembly.Module(
    readFileSync(require.resolve("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm")),
  );
  const module = compiled;
  await init({
    noInitialRun: true,
    instantiateWasm: (imports: Record<string, Record<string, never>>, loaded: (instance: object) => void) => {
      instance = new WebAssembly.Instance(module, imports);
      loaded(instance);
      return instance.exports;
    },
    printErr: (line: string) => void said.push(line),
  });
}

/** Decodes one image; never fails. Several calls at once are served one after another. */
export function decodeJpeg(bytes: Uint8Array): Promise<DecodedJpeg> {
  const next = queue.then(() => decodeOne(bytes));
  queue = next;
  return next;
}

async function decodeOne(bytes: Uint8Array): Promise<DecodedJpeg> {
  if (instance === undefined) await renew();
  said = [];
  try {
    const copy = new ArrayBuffer(bytes.length);
    new Uint8Array(copy).set(bytes);
    const image = await decode(copy);
    if (instance && memoryOf(instance.exports) > MOST_MEMORY_KEPT) instance = undefined;
    return { image, said };
  } catch {
    instance = undefined;
    return { image: undefined, said };
  }
}
