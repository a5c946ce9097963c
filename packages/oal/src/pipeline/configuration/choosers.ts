/** Whether a configuration has unknown pictures, near and far, that settings may be chosen by. */
import { choosingGroups, type ChoosingGroup } from "../../evaluation/result.js";
import type { Configuration } from "./schema.js";

type Data = Pick<Configuration["data"], "source" | "ood" | "drawnValidation" | "size">;

/** Whether the pictures of a group are drawn: no given set has it, and drawn pictures have the size. */
export function isDrawn({ source, ood, drawnValidation, size }: Data, group: ChoosingGroup): boolean {
  if (source === "embedded") return true;
  return drawnValidation && size === 32 && !ood.some((set) => set.group === group);
}

/** The groups that have no pictures. */
export function missingChoosers(data: Data): readonly ChoosingGroup[] {
  return choosingGroups.filter(
    (group) => !isDrawn(data, group) && !data.ood.some((set) => set.group === group),
  );
}
