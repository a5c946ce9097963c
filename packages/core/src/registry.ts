/**
 * One mechanism for every kind of thing that oal knows by name: networks, methods, samplers, detectors. The built-in entries
 * are listed where the registry is made; others are added before a configuration that names them is read.
 */
import { expectArguments, kinds, oalError, suggest } from "./errors/index.js";

/** What a registry can hold: anything with an id. */
export interface Registered {
  /** Name in configurations, tables and file names: letters, digits, dots, dashes, colons, underscores. */
  readonly id: string;
}

/** Choices of a registry. */
export interface RegistryOptions<T> {
  /** Other names of an entry. */
  readonly aliases?: (entry: T) => readonly string[];
  /** The error for a name that no entry has; default: OAL-C204. */
  readonly unknown?: (name: string, known: readonly string[]) => Error;
}

const idForm = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/;

const registryOptions = kinds.fields({
  aliases: kinds.optional(kinds.callback),
  unknown: kinds.optional(kinds.callback),
});

/**
 * The entries of one kind, by id, in the order of listings.
 *
 * @example const shapes = new Registry<Shape>("shape", [circle, square]); shapes.find("circle");
 */
export class Registry<T extends Registered> {
  readonly #entries: T[] = [];
  readonly #byName = new Map<string, T>();
  readonly #options: RegistryOptions<T>;
  /** What an entry is, in a sentence: "network". */
  readonly kind: string;

  /**
   * @param kind what an entry is, in a sentence: "network"
   * @param entries the built-in ones
   * @throws OAL-C205, OAL-C206 as `register` does
   */
  constructor(kind: string, entries: readonly T[] = [], options: RegistryOptions<T> = {}) {
    expectArguments("new Registry", {
      kind: [kind, kinds.name],
      entries: [entries, kinds.listOf(kinds.record)],
      options: [options, registryOptions],
    });
    this.kind = kind;
    this.#options = options;
    for (const entry of entries) this.register(entry);
  }

  /** Every entry, in the order of listings. */
  get all(): readonly T[] {
    return [...this.#entries];
  }

  /** Every id, in the order of listings. */
  get ids(): readonly string[] {
    return this.#entries.map(({ id }) => id);
  }

  /** Whether an entry has this id or alias. */
  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /**
   * The entry of an id or alias.
   *
   * @throws OAL-C204 (or the registry's own error) for an unknown one, with the nearest known
   */
  find(name: string): T {
    expectArguments(`the ${this.kind} registry`, { name: [name, kinds.text] });
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    const known = [...this.#byName.keys()];
    throw (
      this.#options.unknown?.(name, known) ??
      oalError("OAL-C204", { kind: this.kind, name, near: suggest(name, known), known: this.ids })
    );
  }

  /**
   * Adds an entry behind the others.
   *
   * @throws OAL-C205 when its id or one of its aliases is taken; OAL-C206 when it has no id that can be a name
   */
  register(entry: T): void {
    expectArguments(`register a ${this.kind}`, { entry: [entry, kinds.record] });
    const names = [entry.id, ...(this.#options.aliases?.(entry) ?? [])];
    for (const name of names) {
      if (typeof name !== "string" || !idForm.test(name))
        throw oalError("OAL-C206", { kind: this.kind, name: String(name) });
      if (this.#byName.has(name)) throw oalError("OAL-C205", { kind: this.kind, name });
    }
    this.#entries.push(entry);
    for (const name of names) this.#byName.set(name, entry);
  }
}
