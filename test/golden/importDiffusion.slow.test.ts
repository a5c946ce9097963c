/** Reference values `import/mini-sd`: the parts of a diffusion pipeline as diffusers exports them, read whole and written back. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { toNumbers, writeModel, zeros, type Tensor } from "oal-core";
import { describe, expect, it } from "vitest";
import { readModelFile } from "../../packages/oal/src/runtime/modelFile.js";
import { testEngine } from "../../packages/oal/src/testing/engine.js";
import { referenceRoot } from "../../packages/oal/src/testing/golden.js";

const folder = join(referenceRoot(), "import", "mini-sd");
const parts = existsSync(folder)
  ? readdirSync(folder).filter((name) => existsSync(join(folder, name, "model.onnx")))
  : [];

async function run(model: Uint8Array, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const session = await testEngine.open(model);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

describe.skipIf(parts.length === 0)("a diffusion pipeline", () => {
  it.each(parts)("%s is understood whole and computes what it computed", async (part) => {
    const path = join(folder, part, "model.onnx");
    const open = await readModelFile(path);
    // Text of 77 tokens, pictures of 16; one of everything else.
    const sizeOf = (name: string): number =>
      /sequence/.test(name) ? 77 : /height|width/.test(name) ? 16 : 1;
    const names = open.graph.inputs.flatMap(({ dims }) => dims.filter((size) => typeof size === "string"));
    const sizes = Object.fromEntries(names.map((name) => [name, sizeOf(name)]));
    const { graph, opaque } = await readModelFile(path, { sizes });
    expect(opaque.map(({ node, reason }) => `${node.operator.name}: ${reason}`)).toEqual([]);
    const feeds = Object.fromEntries(
      graph.inputs.map(({ name, dtype, shape }) => {
        const count = shape.reduce((product, size) => product * size, 1);
        const data = zeros(dtype, count);
        if (data instanceof Float32Array) data.forEach((_, i) => (data[i] = Math.sin(i)));
        return [name, { dtype, shape, data }];
      }),
    );
    const [before, after] = [await run(readFileSync(path), feeds), await run(writeModel(graph), feeds)];
    for (const [name, tensor] of Object.entries(before)) {
      expect(after[name]?.shape).toEqual(tensor.shape);
      expect(after[name] && toNumbers(after[name])).toEqual(
        toNumbers(tensor).map((number) => expect.closeTo(number, 4)),
      );
    }
  });
});
