/** The settings of methods: sections of a configuration, of which each method reads its own. */
import { oalError, suggest } from "oal-core";
import { ownSection, type MethodSettings, type TrainingMethod } from "./method.js";

/**
 * Refuses settings that no method would read: a section, or a key of a section, that none of them has.
 *
 * @param methods every method whose settings may be there, in use or not
 * @throws OAL-T111 naming the section or key, and the nearest that exists
 */
export function refuseUnknownSettings(settings: MethodSettings, methods: readonly TrainingMethod[]): void {
  const hint = (name: string, known: readonly string[]): string => {
    const near = suggest(name, known);
    return near === undefined ? "" : `, did you mean "${near}"?`;
  };
  const sectionOf = (method: TrainingMethod): string => method.section ?? ownSection;
  const sections = methods.map(sectionOf);
  for (const [section, given] of Object.entries(settings)) {
    if (!sections.includes(section))
      throw oalError("OAL-T111", {
        at: section,
        problem: `no method has this section${hint(section, sections)}`,
      });
    if (typeof given !== "object" || given === null) continue;
    const keys = methods.flatMap((method) =>
      sectionOf(method) === section ? Object.keys(method.schema.shape) : [],
    );
    for (const key of Object.keys(given)) {
      if (keys.includes(key)) continue;
      throw oalError("OAL-T111", { at: `${section}.${key}`, problem: `is unknown${hint(key, keys)}` });
    }
  }
}
