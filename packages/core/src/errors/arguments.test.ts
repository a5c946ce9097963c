import { describe, expect, it } from "vitest";
import { describeValue, expectArguments, kind, kinds, type Kind } from "./arguments.js";

/** The sentence an argument is refused with; "" when it is taken. */
function refusal(value: unknown, of: Kind): string {
  try {
    expectArguments("call", { argument: [value, of] });
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const holes: unknown[] = [];
holes.length = 2;

describe("expectArguments", () => {
  it.each<[string, Kind, readonly unknown[], readonly unknown[]]>([
    ["number", kinds.number, [0, Number.NaN, Infinity], ["1", null, 1n]],
    ["finite", kinds.finite, [-1.5], [Number.NaN, Infinity, "1"]],
    ["integer", kinds.integer, [-3], [0.5, 2 ** 53]],
    ["count", kinds.count, [0, 7], [-1, 0.5]],
    ["positiveCount", kinds.positiveCount, [1], [0]],
    ["fraction", kinds.fraction, [0, 1, 0.5], [-0.1, 1.1, Number.NaN]],
    ["name", kinds.name, ["a"], ["", 1]],
    ["record", kinds.record, [{}], [[], null]],
    ["numbers", kinds.numbers, [[], [1], new Uint8Array(1)], [["1"], new BigInt64Array(1), holes, "12"]],
    ["wholeNumbers", kinds.wholeNumbers, [[-1], new Int32Array(1)], [[0.5], Float32Array.of(0.5)]],
    ["integers", kinds.integers, [[-1]], [[0.5], new Int32Array(1)]],
    ["sizes", kinds.sizes, [[0, 2]], [[-1]]],
    ["oneOf", kinds.oneOf(["a", "b"]), ["b"], ["c", 1]],
    ["optional", kinds.optional(kinds.text), [undefined, "a"], [null]],
    ["nullable", kinds.nullable(kinds.text), [null, "a"], [undefined]],
    ["textRecord", kinds.textRecord, [{}, { a: "b" }], [{ a: 1 }]],
  ])("%s", (_name, of, taken, refused) => {
    for (const value of taken) expect(refusal(value, of)).toBe("");
    for (const value of refused) expect(refusal(value, of)).toContain(`call: argument`);
  });

  it("names the part that is wrong, inside lists and objects", () => {
    const pairs = kinds.listOf(kinds.fields({ id: kinds.numbers, name: kinds.optional(kinds.text) }));
    expect(refusal([{ id: [1] }, { id: "x" }], pairs)).toBe(
      'call: argument[1].id must be an array or typed array of numbers, not "x"',
    );
    expect(refusal([null], pairs)).toBe("call: argument[0] must be an object with id, name, not null");
    expect(refusal(holes, kinds.listOf(kinds.text))).toContain("argument[0] must be a string");
  });

  it("says in few words what it found", () => {
    const found = [
      undefined,
      Number.NaN,
      7n,
      "a".repeat(99),
      [],
      [1],
      {},
      new Float32Array(3),
      new Map(),
      Symbol("s"),
    ];
    expect(
      [...found, () => 1, Object.create(null), new DataView(new ArrayBuffer(1))].map(describeValue),
    ).toEqual([
      "undefined",
      "NaN",
      "the bigint 7",
      `"${"a".repeat(40)}..."`,
      "an empty array",
      "an array of 1",
      "an object",
      "Float32Array of 3",
      "Map",
      "Symbol(s)",
      "a function",
      "an object",
      "DataView",
    ]);
  });

  it("names the misspelt property that stands where one is missing", () => {
    const definition = kinds.fields({ title: kinds.text, terms: kinds.optional(kinds.record) });
    expect(refusal({ titel: "a" }, definition)).toBe(
      'call: argument.title must be a string (there is "titel"), not undefined',
    );
    expect(refusal({ name: "a" }, definition)).toBe("call: argument.title must be a string, not undefined");
    expect(refusal({ titel: "a", title: 3 }, definition)).toBe(
      "call: argument.title must be a string, not 3",
    );
  });

  it("takes own kinds", () => {
    const even = kind("an even number", (value) => typeof value === "number" && value % 2 === 0);
    expect(refusal(3, even)).toBe("call: argument must be an even number, not 3");
  });
});
