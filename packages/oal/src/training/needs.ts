/** What the methods of a training need, against what it has. */
import { oalError, suggest } from "oal-core";
import type { MethodSettings } from "./methods/method.js";
import type { WeightedMethod } from "./recipes/recipe.js";
import { namesOf, type SideData, type SideNetwork, type SideTensor } from "./side/sideData.js";

/**
 * The side data that the methods need, out of all that there is.
 *
 * @throws OAL-T110 naming the first method that needs something that is not given
 */
export function neededSideData(
  methods: readonly WeightedMethod[],
  settings: MethodSettings,
  side: readonly SideData[],
): { readonly tensors: readonly SideTensor[]; readonly networks: readonly SideNetwork[] } {
  const tensors = new Map<string, SideTensor>();
  const networks = new Set<SideNetwork>();
  const add = (method: string, need: string): void => {
    const found = side.find((each) => namesOf(each).includes(need));
    if (found === undefined) {
      const near = suggest(need, side.flatMap(namesOf));
      throw oalError("OAL-T110", { method, need, ...(near === undefined ? {} : { near }) });
    }
    if (!("names" in found)) tensors.set(need, found);
    else {
      networks.add(found);
      if (found.pictures !== null) add(method, found.pictures);
    }
  };
  for (const { method } of methods) for (const need of method.needs(settings)) add(method.id, need);
  return { tensors: [...tensors.values()], networks: [...networks] };
}
