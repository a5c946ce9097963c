/** Reference values `import`: every network in its inference form, with gradients by oal; one in its training form. */
import { join } from "node:path";
import { operators } from "oal-core";
import { describe, expect, it } from "vitest";
import { readModelFile } from "../../packages/oal/src/runtime/modelFile.js";
import { loadManifest } from "../../packages/oal/src/testing/golden.js";
import { record, texts } from "./importCase.js";
import { checkNetwork, networksOf } from "./importNetwork.js";

const manifest = loadManifest("import");
const inference = networksOf(manifest, "inference");
const training = networksOf(manifest, "training");

describe.skipIf(!manifest)("networks to import", () => {
  it.for([...inference, ...training.slice(0, 1)])(
    "%s is understood whole, and gives the golden outputs and gradients",
    ([, each], test) => checkNetwork(each, test),
  );

  it("are made of operators that are known, in this set and in any other", () => {
    const known = new Set<string>([...Object.keys(operators), "Constant", "ConstantOfShape", "Dropout"]);
    const lists = Object.values(record(manifest?.raw["operatorsToCover"])).flatMap(texts);
    expect(lists.length).toBeGreaterThan(0);
    expect(lists.filter((name) => !known.has(name))).toEqual([]);
  });

  it.each([...inference, ...training])("%s is understood with an open batch", async (_, { folder, file }) => {
    const { graph, opaque } = await readModelFile(join(folder, file));
    expect(opaque).toEqual([]);
    for (const value of graph.outputs.values())
      expect(value.dims).toEqual([graph.inputs[0]?.dims[0], value.size(1)]);
  });
});
