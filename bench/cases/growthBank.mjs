import { askBank } from "../steps/bank.mjs";
import { growthCase } from "../steps/growth.mjs";

export default growthCase({
  title: ({ queries, width }) =>
    `${queries} images beside a bank in files, ${width} features, by rows of the bank`,
  unit: "µs a row",
  settings: { queries: 1000, width: 128 },
  sizes: [1000, 10_000, 100_000, 1_000_000],
  small: [100, 200],
  from: 10_000,
  make: (size, given, folder) => askBank(size, given.width, given, folder),
});
