/** Path of each page from the repository root, and what makes it. */
export const pages: ReadonlyMap<string, () => string | Promise<string>>;
