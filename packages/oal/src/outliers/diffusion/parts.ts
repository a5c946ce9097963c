/**
 * The parts of a model folder, opened when they are needed: a pipeline of gigabytes runs one part at a time, so that memory holds
 * little more than the largest of them. Small parts stay open.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Session } from "oal-core";

/** A part: how it is opened, and what it weighs. */
export interface Part {
  readonly name: string;
  /** Its size in bytes, near enough. */
  readonly bytes: number;
  open(): Promise<Session>;
}

/** Bytes of parts that stay open while another one is used. */
const keptOpen = 128 * 2 ** 20;

/** Parts of which the ones in use fit into memory. */
export class Parts {
  readonly #kept: number;
  /** In the order of their last use. */
  readonly #open = new Map<Part, Session>();

  /** @param kept bytes of parts that stay open while another is used */
  constructor(kept = keptOpen) {
    this.#kept = kept;
  }

  /** The session of a part. Those that it does not fit beside are released first, the longest unused first. */
  async use(part: Part): Promise<Session> {
    const found = this.#open.get(part);
    if (found) {
      this.#open.delete(part);
      this.#open.set(part, found);
      return found;
    }
    for (const [other, session] of this.#open) {
      const all = [...this.#open.keys(), part].reduce((sum, { bytes }) => sum + bytes, 0);
      if (all <= this.#kept) break;
      this.#open.delete(other);
      await session.release();
    }
    const session = await part.open();
    this.#open.set(part, session);
    return session;
  }

  /** Names of the open parts. */
  get open(): readonly string[] {
    return [...this.#open.keys()].map(({ name }) => name);
  }

  /** Releases all of them; they can be used again. */
  async release(): Promise<void> {
    const sessions = [...this.#open.values()];
    this.#open.clear();
    for (const session of sessions) await session.release();
  }
}

/** Bytes of a model's file and of what lies beside it, its weights among them. */
export function bytesBesides(path: string): number {
  const folder = dirname(path);
  if (!existsSync(folder)) return 0;
  return readdirSync(folder).reduce((sum, name) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    return sum + (found?.isFile() === true ? found.size : 0);
  }, 0);
}
