/** See mutations.mjs. */
export declare function mutate(bytes: Uint8Array, seed: string, trial: number): Buffer;
