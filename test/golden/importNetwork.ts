/** Reference values `import`: the networks in both forms, and what is checked of one. */
import { unbiasedRunningVariance, verifyGraph, type ReadModel, type Value } from "oal-core";
import { expect, type TestContext } from "vitest";
import type { GoldenManifest } from "../../packages/oal/src/testing/golden.js";
import { noteGolden, noteOf } from "../../packages/oal/src/testing/goldenSuite.js";
import { computeCase, compareCase, record, textIn, valueOf, type ImportCase } from "./importCase.js";

/** Every network in one of its forms. */
export function networksOf(
  manifest: GoldenManifest | null,
  mode: "inference" | "training",
): [string, ImportCase][] {
  return (manifest?.cases ?? []).map(({ id, raw, folder }) => {
    const form = record(raw[mode]);
    return [
      `${id}, ${mode} form,`,
      {
        folder,
        file: textIn(form, "file"),
        golden: textIn(raw, "golden"),
        prefix: `${mode}/`,
        inputPrefix: "",
        raw: form,
      },
    ];
  });
}

/** The running statistics after one step, by both rules, under the names of their golden tensors. */
function runningStatistics({ raw }: ImportCase, model: ReadModel): Record<string, Value> {
  const norms = Array.isArray(raw["batchNorm"]) ? raw["batchNorm"].map(record) : [];
  return Object.fromEntries(
    norms.flatMap((norm): [string, Value][] => {
      const [mean = "", variance = ""] = Array.isArray(norm["outputs"]) ? norm["outputs"].map(String) : [];
      const after = valueOf(model, variance);
      if (!after.node) throw new Error(`${variance} is made by no node`);
      return [
        [`training/running/${textIn(norm, "runningMean")}`, valueOf(model, mean)],
        [`training/running/${textIn(norm, "runningVar")}`, unbiasedRunningVariance(after.node)],
        [`training/runningOnnx/${textIn(norm, "runningVar")}`, after],
      ];
    }),
  );
}

/** A network is understood whole and gives all its golden tensors. */
export async function checkNetwork(each: ImportCase, test: Pick<TestContext, "task">): Promise<void> {
  const { results, golden, model } = await computeCase(each, (read) => runningStatistics(each, read));
  expect(model.opaque.map(({ node, reason }) => `${node.operator.name}: ${reason}`)).toEqual([]);
  const { [`${each.prefix}output`]: output, ...named } = results;
  expect(output?.data).toEqual(named[`${each.prefix}logits`]?.data);
  const { shares, faults } = compareCase(each, named, golden);
  noteGolden(test, noteOf("import", each.file, shares));
  expect(faults).toEqual([]);
  const missed = [...golden.keys()].filter((name) => name.startsWith(each.prefix) && !(name in named));
  expect(missed).toEqual([]);
  verifyGraph(model.graph);
}
