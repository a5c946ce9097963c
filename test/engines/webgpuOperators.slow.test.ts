/**
 * Every operator on WebGPU against the CPU, at its test points but with inputs whose exponentials and squares overflow or vanish where a
 * kernel does not take care: random numbers near zero would not tell. A process of its own: the environment chooses the driver.
 */
import {
  Graph,
  operators,
  sizeOf,
  toNumbers,
  type OperatorName,
  type Tensor,
  type TestInput,
} from "oal-core";
import { describe, expect, it } from "vitest";
import { cpuEngine, makeEngine } from "../../packages/oal/src/runtime/engines/index.js";
import { manifest, missing } from "./swiftShader.js";

process.env["VK_ICD_FILENAMES"] = manifest;
const cpu = await cpuEngine({ threads: 1, blocked: false });
const gpu = await makeEngine({ device: "webgpu", threads: 1 });

/** Of some CPUs only, or (in training) of none here: steps never have them. */
const notOfCards = /^Blocked|^Reorder|^BatchNormalizationTraining$/;
const names = Object.keys(operators).filter(
  (name): name is OperatorName => name in operators && !notOfCards.test(name),
);
/** What a device may compute otherwise, by the test point's key: how far. */
const known: Readonly<Record<string, number>> = {
  // WGSL promises nothing of angles far from 0
  "Cos.0": 1e-3,
  "Sin.0": 1e-3,
  // a step of -2: the kernel of ONNX Runtime 1.30 starts elsewhere. No graph of oal's takes steps below -1.
  "Slice.2": Infinity,
};
const extremes = [-1e4, -1000, -200, -95, -30, -3, -0.5, -1e-3, 0, 1e-3, 0.5, 3, 30, 60, 95, 200, 1000, 1e4];

/** Float inputs that may be anything are extreme; the others are what the operator says. */
function extreme({ dtype, shape, range, values }: TestInput, at: number): Tensor {
  const size = sizeOf(shape);
  const of = (i: number): number => {
    const chosen = values?.[i];
    if (chosen !== undefined) return chosen;
    if (range) return range[0] + ((range[1] - range[0]) * ((7 * i + at) % 11)) / 11;
    return dtype === "float32" ? (extremes[(7 * i + 5 * at) % extremes.length] ?? 0) : 0;
  };
  const numbers = Array.from({ length: size }, (_, i) => of(i));
  if (dtype === "int64")
    return { dtype, shape, data: BigInt64Array.from(numbers.map((each) => BigInt(Math.floor(each)))) };
  if (dtype === "float32") return { dtype, shape, data: Float32Array.from(numbers) };
  throw new Error(`no extreme ${dtype}`);
}

describe.skipIf(missing !== null)(`WebGPU on SwiftShader${missing === null ? "" : `: ${missing}`}`, () => {
  it("computes every operator of large and small numbers as the CPU does", async () => {
    const graph = new Graph();
    const feeds: Record<string, Tensor> = {};
    const operatorsMet = new Set<string>();
    for (const name of names)
      for (const [index, point] of operators[name].testPoints.entries()) {
        const kinds = new Set(point.inputs.flatMap((input) => (input ? [input.dtype] : [])));
        if ([...kinds].some((dtype) => dtype !== "float32" && dtype !== "int64")) continue;
        const values = point.inputs.map((input, at) => {
          if (!input) return null;
          const tensor = extreme(input, at);
          if (input.constant === true) return graph.constant(tensor);
          const key = `${name}.${index}.${at}`;
          feeds[key] = tensor;
          return graph.input(key, tensor);
        });
        for (const [at, value] of graph.node(operators[name], values, point.attributes).entries())
          graph.output(`${name}.${index} gives ${at}`, value);
        operatorsMet.add(name);
      }
    const found: Record<string, Tensor>[] = [];
    for (const engine of [cpu, gpu]) {
      const session = await engine.compile(graph);
      found.push(await session.run(feeds));
      await session.release();
    }
    const [wanted = {}, other = {}] = found;
    expect(operatorsMet.size).toBeGreaterThan(60);
    const wrong = Object.entries(wanted).flatMap(([key, tensor]) => {
      const computed = other[key] ? toNumbers(other[key]) : [];
      const tolerance = known[key.replace(/ .*/, "")] ?? 1e-4;
      return toNumbers(tensor).flatMap((value, i) => {
        const here = computed[i] ?? Number.NaN;
        if (Object.is(value, here) || value === here) return [];
        const isNear = Math.abs(value - here) <= tolerance * Math.max(1, Math.abs(value));
        return isNear ? [] : [`${key}[${i}]: ${here}, on the CPU ${value}`];
      });
    });
    expect(wrong).toEqual([]);
  });
});
