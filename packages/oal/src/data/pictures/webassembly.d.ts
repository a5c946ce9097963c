/** The part of WebAssembly that the decoders use; the types of Node 20 lack it, and those of browsers bring everything else. */
declare namespace WebAssembly {
  /** A compiled module. */
  class Module {
    constructor(bytes: Uint8Array);
    static imports(module: Module): { readonly module: string; readonly name: string }[];
  }
  /** A module with its memory. */
  class Instance {
    constructor(module: Module, imports: object);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  /** The memory of an instance. */
  class Memory {
    readonly buffer: ArrayBuffer;
  }
}
