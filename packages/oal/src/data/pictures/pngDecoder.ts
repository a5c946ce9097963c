/**
 * PNG to RGBA through the WebAssembly of @jsquash/png 3.1.1, with glue of our own: the package makes one instance for good, and that one
 * keeps the stack and memory of every image that failed, so that after some hundred broken files it refuses intact ones. Here an instance
 * that failed is not used again.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { memoryOf, MOST_MEMORY_KEPT, type RgbaImage } from "./wasm.js";

let compiled: WebAssembly.Module | undefined;
let decoder: Decoder | undefined;

/** One instance. `decode` throws an Error for what is no intact PNG image; the instance is spent then. */
interface Decoder {
  readonly instance: WebAssembly.Instance;
  readonly decode: (bytes: Uint8Array) => RgbaImage;
}

function memoryIn({ memory }: Readonly<Record<string, unknown>>): WebAssembly.Memory {
  if (memory instanceof WebAssembly.Memory) return memory;
  throw new Error("the PNG decoder has no memory");
}

function makeDecoder(): Decoder {
  const require = createRequire(import.meta.url);
  compiled ??= new WebAssembly.Module(
    readFileSync(require.resolve("@jsquash/png/codec/pkg/squoosh_png_bg.wasm")),
  );
  let made: RgbaImage | undefined;
  const text = new TextDecoder();
  const bytesAt = (at: number, length: number): Uint8Array =>
    new Uint8Array(memory.buffer, at >>> 0, length >>> 0);
  /** What the module calls, by the beginning of its name; a name's end is a hash. */
  const calls: Readonly<Record<string, (a: number, b: number, c: number, d: number) => unknown>> = {
    // `new ImageData(pixels, width, height)`, the pixels owned by the module; the result is a handle
    __wbg_newwithownedu8clampedarrayandsh: (at, length, width, height) => {
      made = { width: width >>> 0, height: height >>> 0, data: bytesAt(at, length).slice() };
      call("__wbindgen_free", at, length, 1);
      return 0;
    },
    __wbindgen_throw: (at, length) => {
      throw new Error(text.decode(bytesAt(at, length)));
    },
  };
  const wbg: Record<string, (...values: number[]) => unknown> = {};
  for (const { name } of WebAssembly.Module.imports(compiled)) {
    const known = Object.entries(calls).find(([beginning]) => name.startsWith(beginning))?.[1];
    // the others serve images of 16 bits, which are decoded elsewhere
    wbg[name] = (a = 0, b = 0, c = 0, d = 0) => known?.(a, b, c, d);
  }
  const instance = new WebAssembly.Instance(compiled, { wbg });
  const memory = memoryIn(instance.exports);
  const call = (name: string, ...values: number[]): number => {
    const exported = instance.exports[name];
    if (typeof exported !== "function") throw new Error(`the PNG decoder lacks ${name}`);
    return Number(Reflect.apply(exported, undefined, values));
  };
  return {
    instance,
    decode(bytes) {
      made = undefined;
      const at = call("__wbindgen_malloc", bytes.length, 1) >>> 0;
      bytesAt(at, bytes.length).set(bytes);
      call("decode", at, bytes.length);
      if (made === undefined) throw new Error("no image");
      return made;
    },
  };
}

/**
 * Decodes one image of 1 to 8 bits a channel.
 *
 * @throws Error when the bytes are no intact PNG image
 */
export function decodePng(bytes: Uint8Array): RgbaImage {
  const current = (decoder ??= makeDecoder());
  try {
    const image = current.decode(bytes);
    if (memoryOf(current.instance.exports) > MOST_MEMORY_KEPT) decoder = undefined;
    return image;
  } catch (error) {
    decoder = undefined;
    throw error;
  }
}
