/** Banks that the model file can hold. */
import { bankBytes, largestBankInGraph, sampledVariant, type FittedDetector } from "oal-core";

/**
 * A fitted detector whose bank a file can hold: of a larger one as many rows as fit, drawn at random, with ranks among them that shrink
 * alike. It keeps its name, because nothing else of a fit is called so: what is measured and calibrated is what the file holds.
 *
 * @param largest  most bytes of a bank; more than a graph may hold counts as that
 * @throws OAL-E204 where the part is too small for the parameters
 */
export function withFittingBank(
  whole: FittedDetector,
  largest: number = largestBankInGraph,
): { readonly fitted: FittedDetector; readonly warnings: readonly string[] } {
  const { bank } = whole.fitted;
  const bytes = Math.min(largest, largestBankInGraph);
  if (!bank || bankBytes(bank) <= bytes) return { fitted: whole, warnings: [] };
  const { id } = whole.detector;
  const { detector, ...part } = sampledVariant(whole, { bytes });
  const megabytes = (size: number): string => `${(size / 2 ** 20).toFixed(size < 2 ** 20 ? 3 : 0)} MB`;
  return {
    fitted: { ...part, detector: { ...detector, id } },
    warnings: [
      `${id}: its rows of ${bank.count} training pictures take ${megabytes(bankBytes(bank))}, and a model file holds ${megabytes(bytes)}: ${part.fitted.bank?.count ?? 0} of them, drawn at random, are measured and held`,
    ],
  };
}
