/** Folders and archives seen alike: a list of members and a way to read some of them, without unpacking. */

/** A file or folder inside a container; paths use "/" and have no leading or trailing one. */
export interface Member {
  /** Below the container's root; bytes that are no UTF-8 are written \xHH. */
  readonly path: string;
  readonly isFolder: boolean;
  /** First bytes of a file whose name does not tell its kind (`needsHead`). */
  readonly head?: Uint8Array;
  /** Why this file cannot be read, where listing shows it: a clause such as "a link to nowhere (x.jpg)". */
  readonly problem?: string;
  /** Why this entry is left out; counted with the skipped files. */
  readonly skip?: string;
  /** The real folder behind a folder's path: equal for two paths that lead to one. */
  readonly realFolder?: string;
  /** Set on folders that are links or lie below one. */
  readonly viaLink?: true;
}

/** A member's bytes, or why they cannot be had. */
export type MemberContent = { readonly path: string } & (
  { readonly bytes: Uint8Array } | { readonly problem: string }
);

/** A folder or archive. */
export interface Container {
  list(): Promise<Member[]>;
  /** Yields the members among `wanted` that exist, once each, in the container's own order. */
  read(wanted: ReadonlySet<string>): AsyncIterable<MemberContent>;
  /** A digest that changes with the content. */
  fingerprint(): Promise<string>;
}
