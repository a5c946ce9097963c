/**
 * Strangers' arguments: every exported function, class and method is called with garbage and with things of the wrong kind. It may
 * return something or throw an error of the catalogue; a TypeError, a RangeError or "a fault of oal" is a fault of its face.
 */
import { isOalError, Random, Graph, float32Tensor, int64Tensor } from "oal-core";
import * as core from "oal-core";
import { describe, expect, it } from "vitest";
import * as oal from "../../packages/oal/src/index.js";
import * as graphs from "../../packages/oal/src/graph.js";
import * as nn from "../../packages/oal/src/nn.js";

const graph = new Graph();
const image = { height: 2, width: 3, data: new Uint8Array(18) };

/** Things that are wrong everywhere, and things that are right somewhere; made anew so that no call spoils the next. */
const pool: readonly (() => unknown)[] = [
  ...[undefined, null, Number.NaN, 42, 0, -1, 1.5, Infinity, "", "x", true, false, 7n, Symbol("s")].map(
    (value) => () => value,
  ),
  () => ({}),
  () => [],
  () => [1, 2, 3],
  () => [0, 1],
  () => [-1],
  () => [Number.NaN],
  () => ["a"],
  () => [undefined],
  () => [null, null],
  () => [[]],
  () => [{}],
  () => Object.create(null) as unknown,
  () => new Date(0),
  () => new Map(),
  () => () => undefined,
  () => () => 1,
  () => new Float32Array(3),
  () => Float64Array.of(Number.NaN, 1),
  () => new Float64Array(6),
  () => new Int32Array(2),
  () => new BigInt64Array(2),
  () => new Uint8Array(5),
  () => new Uint8Array(0),
  () => new ArrayBuffer(8),
  () => new Graph(),
  () => graph,
  () => graph.constant(float32Tensor([2, 3], [1, 2, 3, 4, 5, 6])),
  () => graph.constant(float32Tensor([1, 4, 4, 4], new Float32Array(64))),
  () => graph.constant(int64Tensor([2], [0, 1])),
  () => new Graph().input("x", { dtype: "float32", shape: [2, 3] }),
  () => ({ dtype: "float32", shape: [2] }),
  () => float32Tensor([2, 2], [1, 2, 3, 4]),
  () => ({ dtype: "float32", shape: [5], data: new Float32Array(1) }),
  () => ({ dtype: "none", shape: null, data: 3 }),
  () => image,
  () => ({ height: 9, width: 9, data: new Uint8Array(3) }),
  () => ({ id: [1, 2], ood: [0, 1] }),
  () => ({ id: [1], ood: [] }),
  () => ({ kernel: 2 }),
  () => ({ kernel: "2", strides: {}, pads: [1], group: -1 }),
  () => ({ config: {}, out: "" }),
  () => "msp",
  () => "bilinear",
  () => "float32",
];

interface Call {
  readonly name: string;
  /** How many arguments it takes; one and two more are tried too, for optional ones. */
  readonly arity: number;
  readonly call: (...given: unknown[]) => unknown;
}

const isFunction = (value: unknown): value is (...given: unknown[]) => unknown => typeof value === "function";
const isConstructor = (value: unknown): value is new (...given: unknown[]) => object =>
  isFunction(value) && /^class\b/.test(Function.prototype.toString.call(value));

/** The methods and getters of an object's class, on an object made anew for every call. */
function methodsOf(name: string, make: () => object): Call[] {
  const prototype: unknown = Object.getPrototypeOf(make());
  if (typeof prototype !== "object" || prototype === null) return [];
  return Object.entries(Object.getOwnPropertyDescriptors(prototype)).flatMap(([method, { value }]) =>
    method !== "constructor" && isFunction(value)
      ? [
          {
            name: `${name}.${method}`,
            arity: value.length,
            call: (...given) => Reflect.apply(value, make(), given),
          },
        ]
      : [],
  );
}

/** What makes the errors themselves: only our own sources call it. */
const makers = ["describeValue", "expectArguments", "kind", "oalError", "OalError", "printable"];

function callsOf(exported: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): Call[] {
  return Object.entries(exported).flatMap(([name, value]): Call[] => {
    if (known.has(name) || !isFunction(value)) return [];
    if (isConstructor(value))
      return [{ name: `new ${name}`, arity: value.length, call: (...given) => new value(...given) }];
    return [{ name, arity: value.length, call: (...given) => value(...given) }];
  });
}

/** What went wrong in a call, or null. Iterators are drawn from, promises awaited. */
async function problemOf({ call }: Call, given: readonly unknown[]): Promise<string | null> {
  try {
    const result: unknown = await call(...given);
    if (typeof result === "object" && result !== null && "next" in result && isFunction(result.next))
      for (let i = 0; i < 3; i++) await Reflect.apply(result.next, result, []);
    return null;
  } catch (error) {
    if (isOalError(error)) return error.code === "OAL-X101" ? error.message : null;
    return error instanceof Error ? `${error.name}: ${error.message}` : `threw ${String(error)}`;
  }
}

function shown(value: unknown): string {
  if (typeof value !== "object" || value === null)
    return typeof value === "function" ? "function" : String(value);
  const name = value.constructor?.name ?? "null";
  if (value instanceof Graph || "graph" in value) return name; // a graph and its values know each other
  return `${name} ${JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner))?.slice(0, 60)}`;
}

/** Every argument in turn from the whole pool, all equal; then random mixtures. */
function* argumentsFor({ name, arity }: Call, count: number): Generator<unknown[]> {
  yield [];
  for (const make of pool) yield Array.from({ length: Math.max(1, arity) }, make);
  const random = new Random(0, name);
  for (let i = 0; i < count; i++) {
    const length = Math.max(1, arity) + random.integer(0, i, 3);
    yield Array.from({ length }, (_, place) => pool[random.integer(1 + place, i, pool.length)]?.());
  }
}

async function faultsOf(calls: readonly Call[], count: number): Promise<string[]> {
  const faults: string[] = [];
  for (const each of calls) {
    for (const given of argumentsFor(each, count)) {
      const problem = await problemOf(each, given);
      if (problem === null) continue;
      faults.push(`${each.name}(${given.map(shown).join(", ")}): ${problem}`);
      break;
    }
  }
  return faults;
}

const inCore = new Set(Object.keys(core));

describe("arguments of the wrong kind", () => {
  it("are refused by every export of oal-core", async () => {
    const calls = callsOf(core, new Set(makers));
    expect(calls.length).toBeGreaterThan(100);
    expect(await faultsOf(calls, 100)).toEqual([]);
  });

  it("are refused by graphs and generators of random numbers", async () => {
    const made = [...methodsOf("Graph", () => new Graph()), ...methodsOf("Random", () => new Random(1, "x"))];
    expect(made.map(({ name }) => name)).toContain("Graph.node");
    expect(await faultsOf(made, 100)).toEqual([]);
  });

  it("are refused by every function of oal", async () => {
    const calls = callsOf(oal, inCore);
    expect(calls.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["run", "openModel", "resultTable"]),
    );
    expect(await faultsOf(calls, 60)).toEqual([]);
  });

  it("are refused by every function of oal/nn", async () => {
    const calls = callsOf(nn, new Set());
    expect(calls.map(({ name }) => name)).toEqual(expect.arrayContaining(["linearLayer", "crossEntropy"]));
    expect(await faultsOf(calls, 60)).toEqual([]);
  });
});

/** A function that takes anything, as JavaScript lets a stranger call it. */
function loose(call: unknown): (...given: unknown[]) => unknown {
  if (!isFunction(call)) throw new Error("no function");
  return call;
}

describe("the sentences", () => {
  it.each<[code: string, sentence: string, call: unknown, given: readonly unknown[]]>([
    ["OAL-C120", "run: options must be an object with config, out", oal.run, []],
    ["OAL-C120", "run: options.config must be an object, not undefined", oal.run, [{}]],
    [
      "OAL-C120",
      "run: options.out must be a string that is not empty, not 3",
      oal.run,
      [{ config: {}, out: 3 }],
    ],
    [
      "OAL-C202",
      "run: options.config: seed: must be a number",
      oal.run,
      [{ config: { seed: "x" }, out: "r" }],
    ],
    ["OAL-C201", 'unknown key "sede"', oal.run, [{ config: { sede: 1 }, out: "r" }]],
    ["OAL-C120", "options.signal must be an AbortSignal", oal.run, [{ config: {}, out: "r", signal: 1 }]],
    ["OAL-C120", "openModel: path must be a string that is not empty, not 42", oal.openModel, [42]],
    ["OAL-C120", "openModel: options must be an object with", oal.openModel, ["runs/x", "a.jpg"]],
    ["OAL-C120", "loadConfiguration: given must be a string, not null", oal.loadConfiguration, [null]],
    ["OAL-C120", "resultTable: results must be an array, not undefined", oal.resultTable, [undefined]],
    [
      "OAL-C120",
      "cpuEngine: options.threads must be a whole number of at least 0, not -1",
      graphs.cpuEngine,
      [{ threads: -1 }],
    ],
    ["OAL-D109", "npy is damaged: it is no npy file", core.readNpy, [new Uint8Array(40)]],
    ["OAL-C120", 'auroc: id must be an array or typed array of numbers, not "ab"', core.auroc, ["ab", [1]]],
    ["OAL-E104", "oscr: 1 scores where 2 are expected", core.oscr, [[1, 2], [1], [0]]],
    ["OAL-E104", "accuracy: 1 scores where 2 are expected", core.accuracy, [[1], [1, 0]]],
    [
      "OAL-E104",
      "3 scores where a multiple of 2 are expected",
      core.calibration,
      [
        [1, 2, 3],
        [0, 1],
      ],
    ],
    [
      "OAL-C120",
      "float32Tensor: shape must be an array of whole numbers of at least 0",
      core.float32Tensor,
      [[-1], []],
    ],
    ["OAL-C120", "Relu: input 0 must be a value of a graph or a number, not an array of 1", core.relu, [[1]]],
    ["OAL-C120", "Add: an input must be a value of a graph, not 1", core.add, [1, 2]],
    ["OAL-C120", 'Softmax: axis must be a whole number, not "x"', core.softmax, [graph.scalar(1), "x"]],
    ["OAL-C120", "image.data must be of 4 x 3 x 3 bytes", core.resizeImage, [{ ...image, height: 4 }, 2, 2]],
  ])("%s: %s", async (code, sentence, call, given) => {
    const run = async (): Promise<unknown> => loose(call)(...given);
    await expect(run()).rejects.toMatchObject({ code, message: expect.stringContaining(sentence) });
  });
});
