/**
 * The few lines of protobuf that writing ONNX needs: varints, length-delimited fields, floats. Our own because the
 * browser-safe package depends on nothing; numbers (not BigInt) keep it fast. Lengths are known before anything is put
 * together: large byte strings stay where they are until then, and are copied once or not at all.
 */

/** Byte strings of at least this length are referred to, shorter ones copied. */
const largeBytes = 4096;

/** Collects a message field by field. */
export class ProtobufWriter {
  /** What is finished, in order. */
  readonly #parts: Uint8Array[] = [];
  #partsLength = 0;
  /** What is being collected behind it. */
  #bytes = new Uint8Array(1024);
  #length = 0;

  /** An integer field (int32, int64, enum); 53 bits are enough for every ONNX field oal writes. */
  integer(field: number, value: number): this {
    this.#varint(field * 8);
    if (value < 0) return this.#negative(value);
    this.#varint(value);
    return this;
  }

  /** A 32-bit float field. */
  float(field: number, value: number): this {
    this.#varint(field * 8 + 5);
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  /** A bytes field. Long ones are not copied: they must not change before the message is put together. */
  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + 2);
    this.#varint(value.length);
    return this.raw(value);
  }

  /** A string field. */
  string(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  /** A nested message. */
  message(field: number, write: (writer: ProtobufWriter) => void): this {
    const nested = new ProtobufWriter();
    write(nested);
    this.#varint(field * 8 + 2);
    this.#varint(nested.length);
    for (const part of nested.parts()) this.raw(part);
    return this;
  }

  /** Fields that are written already, as they are. */
  raw(fields: Uint8Array): this {
    if (fields.length >= largeBytes) {
      this.#flush();
      this.#parts.push(fields);
      this.#partsLength += fields.length;
      return this;
    }
    this.#reserve(fields.length);
    this.#bytes.set(fields, this.#length);
    this.#length += fields.length;
    return this;
  }

  /** Bytes of the message so far. */
  get length(): number {
    return this.#partsLength + this.#length;
  }

  /** The message so far, in pieces one behind the other (views). */
  parts(): readonly Uint8Array[] {
    this.#flush();
    return this.#parts;
  }

  /** The message so far, in one piece. */
  finish(): Uint8Array {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts()) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #flush(): void {
    if (this.#length === 0) return;
    this.#parts.push(this.#bytes.subarray(0, this.#length));
    this.#partsLength += this.#length;
    this.#bytes = new Uint8Array(1024);
    this.#length = 0;
  }

  #negative(value: number): this {
    let rest = BigInt.asUintN(64, BigInt(value));
    this.#reserve(10);
    for (; rest > 127n; rest >>= 7n) this.#bytes[this.#length++] = Number(rest & 127n) | 128;
    this.#bytes[this.#length++] = Number(rest);
    return this;
  }

  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

const encoder = new TextEncoder();
