/** Whether the list of faults still fits the sources. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { faults } from "./index.mjs";

/** Why a fault cannot be planted in the tree at `root`; null when it can. */
export function misfit(root, { file, find, tests }) {
  for (const path of [file, ...tests]) if (!existsSync(join(root, path))) return `${path} does not exist`;
  const places = readFileSync(join(root, file), "utf8").split(find).length - 1;
  return places === 1 ? null : `"${find}" is found ${places} times in ${file} instead of once`;
}

/** One sentence for every fault that fits no more. */
export function checkFaults(root) {
  return faults.flatMap((fault) => {
    const problem = misfit(root, fault);
    return problem === null
      ? []
      : [`fault "${fault.what}" must follow the source (docs/testing.md): ${problem}`];
  });
}
