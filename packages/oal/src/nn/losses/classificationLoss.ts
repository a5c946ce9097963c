/** What a loss of labels is: a mean over the batch, chosen by name (`student.loss`). One is one object and one line in index.ts. */
import type { Value } from "oal-core";

/** A loss of logits against labels. */
export interface ClassificationLoss {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /**
   * @param logits float32 [N, C]
   * @param targets float32 [N, C], rows that add up to 1
   * @returns float32 scalar, the mean over the batch
   */
  value(logits: Value, targets: Value): Value;
}
