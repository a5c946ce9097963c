/**
 * Protobuf read back: one level of a message at a time, every length checked against the bytes that are there, so that a
 * truncated or hostile file ends in a sentence. Bytes stay views of the file; nothing is copied.
 */
import { oalError } from "../../errors/index.js";
import type { TensorData } from "../tensor.js";

/** One field as it stood: the number of a varint, or the bytes of anything else; and the whole, its key included. */
type Entry = { readonly field: number; readonly whole: Uint8Array } & (
  | { readonly wire: "varint"; readonly value: bigint | number }
  | { readonly wire: "bytes" | "fixed32" | "fixed64"; readonly value: Uint8Array }
);

/** Fields of one message: no graph has that many nodes, and numbers in such numbers are packed into one field. */
const mostFields = 2 ** 20;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The fields of one message, by number. Fields that nobody asks for are ignored, as protobuf wants it. */
export class Message {
  readonly bytes: Uint8Array;
  readonly #fields = new Map<number, Entry[]>();
  readonly #where: string;

  /**
   * @param where what the message is, for errors: "the model", "initialiser weight"
   * @throws OAL-G112 when the bytes are no protobuf message
   */
  constructor(bytes: Uint8Array, where: string) {
    this.bytes = bytes;
    this.#where = where;
    let at = 0;
    const varint = (): bigint | number => {
      let [value, factor] = [0, 1];
      for (let count = 0; count < 7; count++) {
        const byte = bytes[at++];
        if (byte === undefined) this.fail("ends in the middle of a number");
        value += (byte & 127) * factor;
        if (byte < 128) return value;
        factor *= 128;
      }
      let large = BigInt(value);
      for (let shift = 49n; shift < 70n; shift += 7n) {
        const byte = bytes[at++];
        if (byte === undefined) this.fail("ends in the middle of a number");
        large |= BigInt(byte & 127) << shift;
        if (byte < 128) return BigInt.asUintN(64, large);
      }
      return this.fail("holds a number of more than 64 bits");
    };
    const take = (length: number | bigint): Uint8Array => {
      const size = Number(length);
      if (size > bytes.length - at) this.fail(`promises ${size} bytes where ${bytes.length - at} are left`);
      return bytes.subarray(at, (at += size));
    };
    let count = 0;
    while (at < bytes.length) {
      const start = at;
      const key = Number(varint());
      const [field, wire] = [Math.floor(key / 8), key % 8];
      if (field === 0) this.fail("holds a field of number 0");
      const part =
        wire === 0
          ? ({ wire: "varint", value: varint() } as const)
          : wire === 1
            ? ({ wire: "fixed64", value: take(8) } as const)
            : wire === 2
              ? ({ wire: "bytes", value: take(varint()) } as const)
              : wire === 5
                ? ({ wire: "fixed32", value: take(4) } as const)
                : this.fail(`holds a field of wire type ${wire}`);
      const entry: Entry = { field, ...part, whole: bytes.subarray(start, at) };
      // Every field costs some hundred bytes of memory, and a hostile file can have one in every two of its bytes.
      if (++count > mostFields) this.fail(`has more than ${mostFields} fields`);
      const entries = this.#fields.get(field);
      if (entries) entries.push(entry);
      else this.#fields.set(field, [entry]);
    }
  }

  /** A field of whole numbers, packed or not, as signed 64-bit numbers. */
  bigints(field: number): bigint[] {
    return this.#entries(field).flatMap(({ wire, value }) => {
      if (typeof value !== "object") return [BigInt.asIntN(64, BigInt(value))];
      return wire === "bytes" ? packed(value, this) : this.#mismatch(field);
    });
  }

  /** How many whole numbers a field holds, counted without making them. */
  count(field: number): number {
    return this.#entries(field).reduce((sum, { wire, value }) => {
      if (typeof value !== "object") return sum + 1;
      if (wire !== "bytes") return this.#mismatch(field);
      let ends = 0;
      for (const byte of value) if (byte < 128) ends++;
      return sum + ends;
    }, 0);
  }

  /** Writes the whole numbers of a field into an array as long as {@link count} says; it takes what fits into its elements. */
  fill(field: number, target: Exclude<TensorData, Float32Array | Float64Array>): void {
    let place = 0;
    const put = (value: bigint | number): void => {
      if (target instanceof BigInt64Array || target instanceof BigUint64Array)
        target[place++] = BigInt(value);
      else target[place++] = Number(BigInt.asIntN(32, BigInt(value)));
    };
    for (const { value } of this.#entries(field)) {
      if (typeof value !== "object") put(value);
      else eachPacked(value, this, put);
    }
  }

  /** A field of whole numbers; those beyond 53 bits are refused. */
  integers(field: number): number[] {
    return this.bigints(field).map((value) => {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : this.fail(`holds the number ${value} in field ${field}`);
    });
  }

  /** The last whole number of a field. */
  integer(field: number): number | undefined {
    return this.integers(field).at(-1);
  }

  /** A field of 32-bit or 64-bit floats, packed or not. */
  floats(field: number, width: 4 | 8 = 4): number[] {
    return this.#entries(field).flatMap(({ wire, value }) => {
      if (
        typeof value !== "object" ||
        value.length % width !== 0 ||
        wire === (width === 4 ? "fixed64" : "fixed32")
      )
        return this.#mismatch(field);
      const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
      return Array.from({ length: value.length / width }, (_, index) =>
        width === 4 ? view.getFloat32(index * 4, true) : view.getFloat64(index * 8, true),
      );
    });
  }

  /** The byte strings (or messages) of a field, as views. */
  parts(field: number): Uint8Array[] {
    return this.#entries(field).map(({ wire, value }) => (wire === "bytes" ? value : this.#mismatch(field)));
  }

  /** The strings of a field. */
  texts(field: number): string[] {
    return this.parts(field).map((bytes) => {
      try {
        return decoder.decode(bytes);
      } catch {
        return this.fail(`holds a string that is not UTF-8 in field ${field}`);
      }
    });
  }

  /** The last string of a field; empty when there is none, as protobuf wants it. */
  text(field: number): string {
    return this.texts(field).at(-1) ?? "";
  }

  /** The messages of a field. */
  messages(field: number, where: string): Message[] {
    return this.parts(field).map((bytes) => new Message(bytes, where));
  }

  /** The last message of a field. */
  message(field: number, where: string): Message | undefined {
    const bytes = this.parts(field).at(-1);
    return bytes && new Message(bytes, where);
  }

  /** Every field: the value of byte strings, and the whole as it stood. */
  fields(): { field: number; value: Uint8Array | null; whole: Uint8Array }[] {
    return [...this.#fields.values()]
      .flat()
      .map(({ field, wire, value, whole }) => ({ field, value: wire === "bytes" ? value : null, whole }));
  }

  /** Whether the field occurs. */
  has(field: number): boolean {
    return this.#fields.has(field);
  }

  /** @throws OAL-G112 */
  fail(problem: string): never {
    throw oalError("OAL-G112", { where: this.#where, problem });
  }

  #entries(field: number): readonly Entry[] {
    return this.#fields.get(field) ?? [];
  }

  #mismatch(field: number): never {
    return this.fail(`holds field ${field} in a form that ONNX does not know`);
  }
}

/** Varints one behind the other, as signed 64-bit numbers. */
function packed(bytes: Uint8Array, message: Message): bigint[] {
  const values: bigint[] = [];
  eachPacked(bytes, message, (value) => values.push(BigInt.asIntN(64, BigInt(value))));
  return values;
}

/** Gives varints one behind the other, short ones as ordinary numbers. */
function eachPacked(bytes: Uint8Array, message: Message, put: (value: bigint | number) => void): void {
  let [value, factor, length] = [0, 1, 0];
  let large = 0n;
  for (const byte of bytes) {
    if (length < 7) {
      value += (byte & 127) * factor;
      factor *= 128;
    } else large |= BigInt(byte & 127) << BigInt(7 * length);
    length++;
    if (byte < 128) {
      put(length <= 7 ? value : large + BigInt(value));
      [value, factor, length, large] = [0, 1, 0, 0n];
    } else if (length >= 10) message.fail("holds a number of more than 64 bits");
  }
  if (length !== 0) message.fail("ends in the middle of a number");
}
