/** Patterns of paths. */

/** Whether a path fits a pattern in which `*` is any number of characters and `?` is one; everything else stands for itself. */
export function matchesGlob(path: string, pattern: string): boolean {
  const form = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${form}$`, "s").test(path);
}
