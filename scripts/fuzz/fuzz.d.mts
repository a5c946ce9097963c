/** See fuzz.mjs. */
export declare function fuzz(options: {
  readonly trials: number;
  readonly seed: number;
  readonly only?: string;
  readonly onTarget?: (line: string) => void;
}): Promise<{
  readonly tried: number;
  readonly answers: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly problems: readonly {
    readonly target: string;
    readonly seed: string;
    readonly trial: number;
    readonly problem: string;
    readonly bytes: string;
  }[];
}>;
