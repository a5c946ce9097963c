/** What detectors' authors return, checked where it arrives: rows of a bank, fitted tensors, scores. */
import { oalError } from "../errors/index.js";
import type { Tensor, Value } from "../graph/index.js";
import { aTensor } from "../graph/tensor.js";
import type { BankBatch } from "./bank.js";
import type { FitRows, FitStreams, StreamTap } from "./fit.js";
import type { SomeTaps } from "./inputs.js";
import type { RowKeeper, RowSource } from "./rows.js";

/** Every row of every batch, into one bank. */
export async function fillBank<Name extends StreamTap>(
  detector: string,
  streams: FitStreams<Name>,
  rowsOf: (batch: BankBatch<Name>) => FitRows,
  keep: RowKeeper,
): Promise<RowSource> {
  let sink: ReturnType<RowKeeper> | undefined;
  let start = 0;
  let width = 0;
  for await (const batch of streams.batches()) {
    const { shape, data } = rowsOf({ ...batch, start, total: streams.count });
    const [rows = -1, own = 0] = shape;
    width = sink ? width : own;
    if (shape.length !== 2 || own !== width || data.length !== rows * width || rows > batch.count) {
      const problem = `its bank's rows are [${shape.join(", ")}] with ${data.length} numbers, for ${batch.count} images`;
      throw oalError("OAL-E240", { detector, problem });
    }
    sink ??= keep(`${detector}.bank`, width);
    sink.append(data);
    start += batch.count;
  }
  return (sink ?? keep(`${detector}.bank`, 1)).finish();
}

/** @throws OAL-E240 when a fit's result lacks a tensor, has one it does not name, or holds NaN */
export function checkFitted(
  detector: string,
  tensors: Readonly<Record<string, Tensor>>,
  names: readonly string[],
): void {
  const refuse = (problem: string): never => {
    throw oalError("OAL-E240", { detector, problem });
  };
  for (const name of Object.keys(tensors))
    if (!names.includes(name)) refuse(`it returned "${name}", which its "tensors" do not name`);
  for (const name of names) {
    const tensor = tensors[name];
    const fault = aTensor.fault(tensor, name);
    if (!tensor) refuse(`${name} must be a tensor`);
    else if (fault) refuse(`${fault.argument} must be ${fault.wanted}`);
    else if (tensor.data.some((value) => Number.isNaN(value))) refuse(`${name} holds NaN`);
  }
}

/** @throws OAL-E241 when a score is not one float32 number per image */
export function checkScore(detector: string, taps: SomeTaps, score: Value | undefined): Value {
  const count = (taps.logits ?? taps.features ?? taps.input)?.dims[0];
  const fits = score?.dtype === "float32" && score.rank === 1 && score.dims[0] === count;
  if (score && (fits || (count === undefined && score.rank === 1))) return score;
  const found = score ? `${score.dtype}[${score.dims.join(", ")}]` : "nothing";
  throw oalError("OAL-E241", { detector, found, count: count ?? 0 });
}
