/** What the WebAssembly decoders share. */

/** A decoded image with four channels, row by row. */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number>;
}

/** Memory of an instance beyond which it is given back after an image, 256 MiB: WebAssembly memory never shrinks. */
export const MOST_MEMORY_KEPT = 2 ** 28;

/** The memory among what an instance exports, in bytes; 0 when it exports none. */
export function memoryOf(exports: Readonly<Record<string, unknown>>): number {
  const memories = Object.values(exports).filter((each) => each instanceof WebAssembly.Memory);
  return memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
}
