/** Whether a configuration has unknown pictures, near and far, that settings may be chosen by. */
import { choosingGroups, type ChoosingGroup } from "../../evaluation/result.js";
import type { Configuration } from "./schema.js";

type Data = Pick<Configuration["data"], "source" | "ood" | "drawnValidation">;

/** Whether the pictures of a group are drawn: no given set has it. */
export function isDrawn({ source, ood, drawnValidation }: Data, group: ChoosingGroup): boolean {
  if (source === "embedded") return true;
  return drawnValidation && !ood.some((set) => set.group === group);
}

/** The groups that have no pictures. */
export function missingChoosers(data: Data): readonly ChoosingGroup[] {
  return choosingGroups.filter(
    (group) => !isDrawn(data, group) && !data.ood.some((set) => set.group === group),
  );
}
