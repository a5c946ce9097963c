// Damaged files of every kind that oal reads: a hundred thousand of them. Prints how each parser answered, and every file that it
// answered wrongly (a crash, a hang, much memory, an error that is no sentence) with its bytes. Exit status 1 when there was one.
// Seed 0: 104,000 files, none answered wrongly.
//
//   node recipes/fuzz.mjs                          # 8,000 files of each of 13 kinds; several minutes
//   node recipes/fuzz.mjs --trials 500 --seed 7 --only zip
import { parseArgs } from "node:util";
import { fuzz } from "../scripts/fuzz/fuzz.mjs";

const { values } = parseArgs({
  options: {
    trials: { type: "string", default: "8000" },
    seed: { type: "string", default: "0" },
    only: { type: "string" },
  },
});
const { tried, problems } = await fuzz({
  trials: Number(values.trials),
  seed: Number(values.seed),
  ...(values.only === undefined ? {} : { only: values.only }),
  onTarget: (line) => console.log(line),
});
for (const { target, trial, problem, bytes } of problems)
  console.log(`${target}, trial ${trial}: ${problem}\n  ${bytes.slice(0, 2000)}`);
console.log(`${tried} files, ${problems.length} answered wrongly`);
process.exitCode = problems.length > 0 ? 1 : 0;
