/** An entry point of the package: what it exports, and an example per name. */
export const entryPoints: readonly {
  readonly name: string;
  readonly exported: Readonly<Record<string, unknown>>;
  readonly examples: Readonly<Record<string, string>>;
}[];
