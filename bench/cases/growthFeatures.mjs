import { askBank } from "../steps/bank.mjs";
import { growthCase } from "../steps/growth.mjs";

export default growthCase({
  variant: true,
  title: ({ queries, rows }) => `${queries} images beside a bank of ${rows} rows in files, by features`,
  unit: "µs a feature",
  settings: { queries: 1000, rows: 20_000 },
  sizes: [128, 512, 2048],
  small: [16, 32],
  make: (size, given, folder) => askBank(given.small ? 100 : given.rows, size, given, folder),
});
