/** The reader of NumPy's arrays: every element type, in both orders of bytes; expected values by hand. */
import { describe, expect, it } from "vitest";
import { readNpy } from "./npy.js";
import { toNumbers } from "./tensor.js";

/** A file of two elements as numpy.save writes it, from the element type and the bytes in hexadecimal. */
function file(descriptor: string, hex: string): Uint8Array {
  const header = `{'descr': '${descriptor}', 'fortran_order': False, 'shape': (2,), }`;
  const data = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  return Uint8Array.of(
    0x93,
    ...new TextEncoder().encode("NUMPY"),
    1,
    0,
    header.length,
    0,
    ...new TextEncoder().encode(header),
    ...data,
  );
}

/** The same bytes with every element of some width turned round. */
const turned = (hex: string, width: number): string =>
  (hex.match(new RegExp(`.{${2 * width}}`, "g")) ?? [])
    .map((element) => (element.match(/../g) ?? []).toReversed().join(""))
    .join("");

describe("readNpy", () => {
  it.each([
    ["f4", "float32", "3fc00000c1200000", [1.5, -10]],
    ["f8", "float64", "3ff8000000000000c024000000000000", [1.5, -10]],
    ["i2", "int16", "0102fffe", [258, -2]],
    ["i4", "int32", "01020304fffffffe", [16_909_060, -2]],
    ["i8", "int64", "0000000000010002fffffffffffffffe", [65_538, -2]],
    ["u2", "uint16", "0102fffe", [258, 65_534]],
    ["u4", "uint32", "01020304fffffffe", [16_909_060, 4_294_967_294]],
    ["u8", "uint64", "00000000000100020000000000000003", [65_538, 3]],
  ])("reads %s in both orders of bytes", (kind, dtype, hex, values) => {
    const big = readNpy(file(`>${kind}`, hex));
    expect([big.dtype, [...toNumbers(big)]]).toEqual([dtype, values]);
    const little = readNpy(file(`<${kind}`, turned(hex, Number(kind.slice(1)))));
    expect(little).toEqual(big);
  });

  it("keeps float16 as its bits in both orders", () => {
    for (const [descriptor, hex] of [
      [">f2", "3e00c900"],
      ["<f2", "003e00c9"],
    ] as const) {
      const { dtype, data } = readNpy(file(descriptor, hex));
      expect([dtype, [...data]]).toEqual(["float16", [0x3e00, 0xc900]]);
    }
  });

  it("reads elements of one byte, and refuses what it does not know by name", () => {
    expect([...readNpy(file("|i1", "01ff")).data]).toEqual([1, -1]);
    expect([...readNpy(file("|b1", "0100")).data]).toEqual([1, 0]);
    for (const descriptor of [">c8", "<f16", "|f8", ">u1", "f8"])
      expect(() => readNpy(file(descriptor, "00".repeat(32)))).toThrow(
        `element type ${descriptor} is not supported`,
      );
  });
});
