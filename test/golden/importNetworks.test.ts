/** Reference values `import`: every network in its inference and training form, with gradients by oal. */
import { unbiasedRunningVariance, verifyGraph, type Value } from "oal-core";
import { describe, expect, it } from "vitest";
import { loadManifest } from "../../packages/oal/src/testing/golden.js";
import { computeCase, faultsOf, record, textIn, valueOf, type ImportCase } from "./importCase.js";

const manifest = loadManifest("import");
const cases = (manifest?.cases ?? []).flatMap(({ id, raw, folder }) =>
  ["inference", "training"].map((mode): [string, ImportCase] => {
    const form = record(raw[mode]);
    const golden = textIn(raw, "golden");
    return [
      `${id}, ${mode} form`,
      { folder, file: textIn(form, "file"), golden, prefix: `${mode}/`, inputPrefix: "", raw: form },
    ];
  }),
);

describe.skipIf(!manifest)("networks to import", () => {
  it.each(cases)("%s is understood whole, and gives the golden outputs and gradients", async (_, each) => {
    const norms = Array.isArray(each.raw["batchNorm"]) ? each.raw["batchNorm"].map(record) : [];
    const { results, golden, model } = await computeCase(each, (read) =>
      Object.fromEntries(
        norms.flatMap((norm): [string, Value][] => {
          const [mean = "", variance = ""] = Array.isArray(norm["outputs"])
            ? norm["outputs"].map(String)
            : [];
          const after = valueOf(read, variance);
          if (!after.node) throw new Error(`${variance} is made by no node`);
          return [
            [`training/running/${textIn(norm, "runningMean")}`, valueOf(read, mean)],
            [`training/running/${textIn(norm, "runningVar")}`, unbiasedRunningVariance(after.node)],
            [`training/runningOnnx/${textIn(norm, "runningVar")}`, after],
          ];
        }),
      ),
    );
    expect(model.opaque.map(({ node, reason }) => `${node.operator.name}: ${reason}`)).toEqual([]);
    const { [`${each.prefix}output`]: output, ...named } = results;
    expect(output?.data).toEqual(named[`${each.prefix}logits`]?.data);
    expect(faultsOf(each, named, golden)).toEqual([]);
    const missed = [...golden.keys()].filter((name) => name.startsWith(each.prefix) && !(name in named));
    expect(missed).toEqual([]);
    verifyGraph(model.graph);
  });
});
