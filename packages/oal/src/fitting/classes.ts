/** The names of folders against the names of a model's classes. */

/** What became of the names. */
export type NameMatch =
  | {
      /** For every folder the index of the model's class. */
      readonly indices: readonly number[];
    }
  | {
      /** Why the names do not match, as a clause. */
      readonly reason: string;
    };

/** A name without what people write differently: case, underscores, dashes, runs of spaces. */
function plainName(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s_-]+/g, " ")
    .trim();
}

/** The names that stand for a class: the whole, and the words that commas or a WordNet id divide: "n02123045 tabby, tabby cat". */
function wordsFor(name: string): string[] {
  const bare = name.replace(/^n\d{8}[\s_:,-]+/, "");
  const parts = [name, bare, ...bare.split(",")];
  const id = /^n\d{8}/.exec(name)?.[0];
  return [...new Set([...parts, ...(id === undefined ? [] : [id])].map(plainName))].filter(
    (word) => word !== "",
  );
}

/**
 * Finds every folder among the model's classes.
 *
 * @param folders  names of class folders
 * @param classes  the model's names in the order of its logits; null where nothing names them
 * @param aliases  what else each class is called, such as WordNet's ids that stand before the names of a list
 */
export function matchNames(
  folders: readonly string[],
  classes: readonly string[] | null,
  aliases: readonly (readonly string[])[] = [],
): NameMatch {
  if (classes === null) return { reason: "nothing names the model's classes" };
  const owners = new Map<string, Set<number>>();
  // a name that two classes have is nobody's: ImageNet has two cranes
  const exact = new Map<string, number | null>();
  classes.forEach((name, index) => {
    const words = [...wordsFor(name), ...(aliases[index] ?? []).flatMap(wordsFor)];
    for (const word of words) owners.set(word, (owners.get(word) ?? new Set()).add(index));
    exact.set(name, exact.has(name) ? null : index);
  });
  const missing: string[] = [];
  const several: string[] = [];
  const indices = folders.map((folder) => {
    const same = exact.get(folder) ?? null;
    if (same !== null) return same;
    const found = [...(owners.get(plainName(folder)) ?? [])];
    if (found.length === 0) missing.push(folder);
    if (found.length > 1) several.push(folder);
    return found[0] ?? -1;
  });
  if (missing.length > 0) {
    const all = missing.length === folders.length;
    const names = `${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ` and ${missing.length - 3} more` : ""}`;
    return {
      reason: all
        ? "none of the folders is called as one of the model's classes"
        : `${names} ${missing.length === 1 ? "is" : "are"} not among the model's classes`,
    };
  }
  const [ambiguous] = several;
  if (ambiguous !== undefined) return { reason: `"${ambiguous}" could be several of the model's classes` };
  if (new Set(indices).size < indices.length)
    return { reason: "several folders are called as one and the same class of the model" };
  return { indices };
}
