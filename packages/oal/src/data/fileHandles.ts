/** Open files of a set, at most 32 at a time: a set may have more files than a process may have open. */
import { closeSync, openSync } from "node:fs";

/** How many files one set keeps open. */
export const openFiles = 32;

/** Files by number, opened when asked for; the one that was not used for longest is closed when there are too many. */
export class FileHandles {
  readonly #open: (index: number) => number;
  /** By last use, the oldest first. */
  readonly #handles = new Map<number, number>();

  /** @param open  opens a file and gives its handle; called again for a file that was closed meanwhile */
  constructor(open: (index: number) => number) {
    this.#open = open;
  }

  /** The handle of a file; valid until other files are asked for. */
  at(index: number): number {
    const known = this.#handles.get(index);
    if (known !== undefined) {
      this.#handles.delete(index);
      this.#handles.set(index, known);
      return known;
    }
    const [oldest] = this.#handles;
    if (oldest && this.#handles.size >= openFiles) {
      this.#handles.delete(oldest[0]);
      closeSync(oldest[1]);
    }
    const handle = this.#open(index);
    this.#handles.set(index, handle);
    return handle;
  }

  /** Closes all; a file asked for later is opened again. */
  close(): void {
    for (const handle of this.#handles.values()) closeSync(handle);
    this.#handles.clear();
  }
}

/** Opens a file for reading and writing: empty the first time, as it is after that. */
export function writableFiles(pathOf: (index: number) => string): FileHandles {
  const made = new Set<number>();
  return new FileHandles((index) => {
    const handle = openSync(pathOf(index), made.has(index) ? "r+" : "w+");
    made.add(index);
    return handle;
  });
}

/** Opens files for reading. */
export function readableFiles(pathOf: (index: number) => string): FileHandles {
  return new FileHandles((index) => openSync(pathOf(index), "r"));
}
