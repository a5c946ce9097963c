/** The golden reader itself: the formula tensors, the tolerance rule, and that every manifest can be read. */
import { readNpy } from "oal-core";
import { describe, expect, it } from "vitest";
import { expectClose, formulaTensor, loadManifest, type GoldenEntry } from "./golden.js";

const club = loadManifest("club");

describe("readNpy", () => {
  it("rejects foreign and truncated bytes", () => {
    expect(() => readNpy(Uint8Array.of(1, 2, 3))).toThrow("no npy file");
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
    const bytes = new Uint8Array(10 + header.length + 4);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
    bytes.set(new TextEncoder().encode(header), 10);
    expect(() => readNpy(bytes)).toThrow("cut short");
  });
});

describe.skipIf(club === null)("golden reader", () => {
  it("generates tensors by formula as the README states", () => {
    const first = Array.from(formulaTensor([2, 2], 1, 1, 0).data, Number);
    expect(first).toEqual([-0.1459285020828247, -0.6541587114334106, 0.9871726632118225, 0.5706251859664917]);
    const second = Array.from(formulaTensor([3], 1001, 4, 0).data, Number);
    expect(second).toEqual([2.236691951751709, 3.4846601486206055, -2.762542724609375]);
  });

  it("compares with the entry's own tolerance", () => {
    const entry: GoldenEntry = {
      name: "x",
      role: "output",
      shape: [2],
      dtype: "float32",
      rtol: 0,
      atol: 0.1,
      of: undefined,
      wrt: undefined,
      variant: undefined,
      reduce: undefined,
      raw: {},
      load: () => ({ dtype: "float32", shape: [2], data: Float32Array.of(1, 2) }),
    };
    expectClose([1.05, 2], entry);
    expect(() => expectClose([1.2, 2], entry)).toThrow("element 0");
    expect(() => expectClose([1, NaN], entry)).toThrow("element 1");
    expect(() => expectClose([1], entry)).toThrow("1 elements where 2");
  });
});
