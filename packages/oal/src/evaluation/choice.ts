/** What a setting came from: the record that says which numbers validation data chose and which nobody ever tuned. */

/**
 * Who chose: validation images (of this run), the default of the program or a preset, a publication whose values are
 * taken over, or the user.
 */
export type ChosenBy = "validation" | "default" | "published" | "user";

/** One setting that could have been tuned, and what became of it. */
export interface Choice {
  /** A configuration key ("student.epochs"), or a name for what no key decides ("knn.k", "threshold.ebo", "decides"). */
  readonly setting: string;
  readonly value: unknown;
  readonly chosenBy: ChosenBy;
  /** The models it holds for, where it does not hold for all. */
  readonly models?: readonly string[];
  /** How it was chosen, in words. */
  readonly how?: string;
  /** Where validation data chose among several: the candidates, and what each of them scored. */
  readonly candidates?: readonly { readonly value: unknown; readonly score: number }[];
}
