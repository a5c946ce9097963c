import type { Graph } from "oal-core";
import { goldenSuite, unknownKind } from "../../testing/goldenSuite.js";
import { checkCase, hyperNumber } from "../../testing/goldenProgram.js";
import { teacherAdapter } from "./dt.js";
import { TrainingContext } from "../context.js";

const makeContext = (graph: Graph): TrainingContext => new TrainingContext(graph);

goldenSuite("dt", {
  check: (golden) =>
    checkCase(golden, makeContext, ({ context, input }) => {
      const { mode } = golden.hyper;
      if (mode !== "train" && mode !== "eval") return unknownKind(golden);
      const used = mode === "train" ? context : context.frozenStatistics();
      return { output: teacherAdapter(used, input("x"), hyperNumber(golden, "out_dim")) };
    }),
});
