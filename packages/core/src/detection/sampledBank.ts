/** A bank too large for one file, cut to a share of its rows: another detector, under a name of its own. */
import { expectArguments, kinds, oalError } from "../errors/index.js";
import { Random } from "../random/index.js";
import { largestBankInGraph } from "./bank.js";
import { aDetector, type Detector, type Fitted } from "./detector.js";
import type { ParameterValues } from "./parameters.js";
import { aRowSource, gatherRows, memoryRows, type RowSource } from "./rows.js";

/** A detector made ready for one model. */
export interface FittedDetector {
  readonly detector: Detector;
  readonly parameters: ParameterValues;
  /** What `fit` kept. */
  readonly fitted: Fitted;
}

/** Bytes of a bank. */
export function bankBytes(bank: RowSource): number {
  expectArguments("bankBytes", { bank: [bank, aRowSource] });
  return 4 * bank.count * bank.width;
}

const aFittedDetector = kinds.fields({
  detector: aDetector,
  parameters: kinds.record,
  fitted: kinds.fields({ tensors: kinds.record, bank: aRowSource }),
});

/**
 * The variant of a fitted detector whose bank is a random part of the whole, no larger than a file may hold. It is another
 * detector with other scores ("knn-sampled"): it has to be calibrated and measured by itself.
 *
 * @param whole  a fitted detector with a bank
 * @param options.bytes  most bytes of the sampled bank; default: what a graph may hold
 * @param options.seed  of the draw; default 0
 * @throws OAL-E203 for a detector without a bank, OAL-E204 where the part is too small for the parameters
 */
export function sampledVariant(
  whole: FittedDetector,
  options: { readonly bytes?: number; readonly seed?: number } = {},
): FittedDetector {
  expectArguments("sampledVariant", {
    whole: [whole, aFittedDetector],
    options: [
      options,
      kinds.fields({ bytes: kinds.optional(kinds.positiveCount), seed: kinds.optional(kinds.finite) }),
    ],
  });
  const { bytes = largestBankInGraph, seed = 0 } = options;
  const { detector, parameters, fitted } = whole;
  const { bank } = fitted;
  if (!bank || !detector.bank) throw oalError("OAL-E203", { detector: detector.id, needs: "a bank" });
  const count = Math.min(bank.count, Math.max(1, Math.floor(bytes / (4 * bank.width))));
  const drawn = new Random(seed, `detection/${detector.id}`).permutation(0, bank.count).slice(0, count);
  const rows = Array.from(drawn).sort((a, b) => a - b);
  const sampled = memoryRows(gatherRows(bank, rows), bank.width);
  return {
    detector: {
      ...detector,
      id: `${detector.id}-sampled`,
      title: `${detector.title}, bank sampled`,
      aliases: [],
    },
    parameters: detector.bank.sampled(parameters, count / bank.count),
    fitted: { ...fitted, bank: sampled },
  };
}
