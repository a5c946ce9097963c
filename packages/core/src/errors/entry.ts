/**
 * The shape of one catalogue entry. Code reads `code` and `details`; people read the sentence made from them.
 */

/** Everything known about one kind of error, as data and as words. */
export interface CatalogueEntry<Details> {
  /** Short name of the kind of error. */
  readonly title: string;
  /** Exit status of the command line. 2 usage, 3 data, 4 graph or runtime, 5 training, 6 evaluation, 7 integrity, 70 bug. */
  readonly exit: number;
  /** One sentence: what happened and where (file, key, node). */
  readonly message: (details: Details) => string;
  /** What the reader can do about it. */
  readonly remedy: string;
}

/** Declares an entry; only fixes its types. */
export function entry<Details>(definition: CatalogueEntry<Details>): CatalogueEntry<Details> {
  return definition;
}
