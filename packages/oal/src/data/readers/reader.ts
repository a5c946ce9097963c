/**
 * The contract of data readers. A reader recognises one kind of source, names its images and labels, and yields encoded bytes or pixels.
 * One file per kind of data, and one line in readers/index.ts.
 */
import type { OalError, RgbImage } from "oal-core";
import type { OrientationUse } from "../decode.js";
import type { SkippedFiles } from "../pictures/kinds.js";

/** Where images come from and what their labels mean. */
export interface SourceSpec {
  /** Folder or file; with `list`, the root of the list's paths: a folder, an archive, or a folder of archives. */
  readonly path: string;
  /** An image list in OpenOOD's form: one "relative/path label" a line. */
  readonly list?: string | undefined;
  /** Id of a reader. Default "auto": the first reader that recognises the source. */
  readonly kind?: string | undefined;
  /** "class" (default): the source's classes; "ood": every label becomes -1 and no classes are needed. */
  readonly labels?: "class" | "ood" | undefined;
  /** What to call the set. */
  readonly name: string;
  /** Keep at most this many images, evenly spaced over the source's order. */
  readonly limit?: number | undefined;
  /** Names of the classes in label order; other classes in the source are an error. Default: what the source says. */
  readonly classes?: readonly string[] | undefined;
  /** Part of the source: a sub-folder such as "train", or IDX and CIFAR's "train" or "test". */
  readonly split?: string | undefined;
}

/** One image on its way in: encoded bytes, pixels, or why there are none. */
export type SourceItem = {
  /** Index in the source's `ids`. */
  readonly position: number;
  readonly id: string;
  readonly label: number;
} & ({ readonly bytes: Uint8Array } | { readonly pixels: RgbImage } | { readonly problem: string });

/** An opened source: stable ids and order, whatever order `read` yields in. */
export interface OpenSource {
  readonly ids: readonly string[];
  /** Class per id; -1 = out of distribution. */
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
  /** Files that are no pictures, by reason; absent where the source lists its images itself. */
  readonly skipped?: SkippedFiles;
  /** What keeps the source from being used as it is asked for; absent or empty when nothing does. */
  readonly problems?: readonly OalError[];
  /** Images that listing the source showed to be unreadable: broken links, pipes. Decoding may find more. */
  readonly unreadable?: readonly { readonly id: string; readonly problem: string }[];
  /**
   * Yields each wanted image once, in whatever order the source allows. An image that cannot be had is an item with a `problem`, not an
   * exception.
   */
  read(positions: ReadonlySet<number>): AsyncIterable<SourceItem>;
}

/** A kind of source. */
export interface Reader {
  readonly id: string;
  readonly title: string;
  /** Whether its sources are published data sets, whose parts have one meaning everywhere. */
  readonly published?: boolean;
  /**
   * What is done with EXIF orientations where the user chooses nothing: pictures of users are turned, those of benchmark lists stay as
   * every other reader of the benchmark takes them. Sources of bare pixels are upright as they are.
   */
  readonly orientation: OrientationUse;
  /** Changes when the reader makes other images of the same files, so that sets cached before are not used. Default 1. */
  readonly version?: number;
  /** Whether this reader is the one for an existing source. */
  matches(spec: SourceSpec): Promise<boolean>;
  /** Names of the parts ("train", "test", ...) that a source is divided into; none for one that is not divided. */
  splits(spec: SourceSpec): Promise<readonly string[]>;
  /** A digest that changes when the source's content does. */
  fingerprint(spec: SourceSpec): Promise<string>;
  /** Reads names and labels. Errors: OAL-D103 to OAL-D109, OAL-D111, OAL-D120 to OAL-D122. */
  open(spec: SourceSpec): Promise<OpenSource>;
}
