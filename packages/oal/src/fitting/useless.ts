/** Whether a decision is of use: what is said of one that hardly tells unknown pictures from known ones. */
import { percent } from "./calibrate.js";
import type { FitDetectorResult } from "./result.js";

/** AUROC below which a decision is called bad; 0.5 is chance. */
const leastAuroc = 0.75;
/** Share of unknown pictures called known above which a decision is called bad. */
const mostAccepted = 0.5;
/** AUROC by which another detector must be better to be named. */
const clearly = 0.1;

/** Detectors' figures that a decision is judged by. */
type Judged = Pick<FitDetectorResult, "id" | "leaveClassOut"> & {
  readonly sets: readonly {
    readonly kind: "given" | "drawn";
    readonly metrics: { readonly auroc: number };
    readonly accepted: number;
  }[];
};

/** What unknown pictures are, from the most telling on, and the AUROC on them. */
const grounds: readonly {
  readonly name: string;
  readonly auroc: (of: Judged) => number | undefined;
}[] = [
  { name: "your unknown pictures", auroc: (of) => setOf(of, "given")?.metrics.auroc },
  { name: "classes left out in turn", auroc: (of) => of.leaveClassOut?.mean },
  { name: "drawn pictures", auroc: (of) => setOf(of, "drawn")?.metrics.auroc },
];

/**
 * Judges the detector that decides, by the pictures of the user where there are any, else by classes left out, else by drawn pictures.
 *
 * @param detectors  all that were measured; figures are fractions
 * @returns a sentence, or none where the decision is of use or nothing could be measured
 */
export function uselessSentences(detectors: readonly Judged[], decides: string): string[] {
  const own = detectors.find(({ id }) => id === decides);
  const ground = own && grounds.find(({ auroc }) => auroc(own) !== undefined);
  const value = own && ground?.auroc(own);
  if (!own || !ground || value === undefined) return [];
  const given = setOf(own, "given");
  const { accepted, name } = given
    ? { accepted: given.accepted, name: "your unknown pictures" }
    : { accepted: setOf(own, "drawn")?.accepted ?? 0, name: "the drawn pictures" };
  const faults = [
    ...(value < leastAuroc
      ? [`its AUROC on ${ground.name} is ${percent(value)}, and 50 % would be chance`]
      : []),
    ...(accepted > mostAccepted ? [`it calls ${percent(accepted)} of ${name} known`] : []),
  ];
  if (faults.length === 0) return [];
  const [best] = detectors
    .flatMap((each) => {
      const auroc = ground.auroc(each);
      return auroc === undefined || auroc < value + clearly ? [] : [{ id: each.id, auroc }];
    })
    .sort((a, b) => b.auroc - a.auroc);
  const better = best
    ? `; ${best.id} is clearly better there (AUROC ${percent(best.auroc)}): --detectors ${best.id} lets it decide`
    : "";
  return [`the decision of ${decides} is of little use: ${faults.join("; ")}${better}`];
}

function setOf({ sets }: Judged, kind: "given" | "drawn"): Judged["sets"][number] | undefined {
  return sets.find((set) => set.kind === kind);
}
