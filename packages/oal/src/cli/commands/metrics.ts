/** `oal metrics`: score files of anyone's detectors, judged. */
import Table from "cli-table3";
import { oalError, printable } from "oal-core";
import type { JudgedColumn, Judgement } from "../../evaluation/judge.js";
import type { JudgeOptions } from "../../evaluation/judgedRows.js";

/** The options of `oal metrics`. */
export interface MetricsOptions extends JudgeOptions {
  readonly json?: boolean;
}

/** Judges and prints. */
export async function metricsCommand(
  files: readonly string[],
  { json, ...options }: MetricsOptions,
): Promise<void> {
  if (files.length + (options.id?.length ?? 0) + (options.ood?.length ?? 0) === 0)
    throw oalError("OAL-C102", { command: "oal metrics", problem: "no score files are given" });
  const { judgeScores } = await import("../../evaluation/judge.js");
  const found = await judgeScores(files, options);
  process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : described(found));
}

const percent = (value: number): string => (100 * value).toFixed(2);

/** A figure of every set, in percent. */
function onSets(
  sets: JudgedColumn["sets"],
  of: (set: JudgedColumn["sets"][number]) => number | null,
): string {
  return sets.map((set) => `${printable(set.name)} ${percent(of(set) ?? NaN)} %`).join(", ");
}

function described({ senses, known, accuracy, columns, differences, resamples, seed }: Judgement): string {
  const table = new Table({
    head: ["scores", "unknown set", "AUROC", "FPR@95", "FPR@95 (known positive)", "AUPR in", "AUPR out"],
    style: { head: [], border: [] },
  });
  for (const column of columns) rowsOf(column).forEach((row) => table.push(row));
  const own = columns.flatMap(({ column, higher, guessed, aurc, excessAurc, calibration, sets }) => [
    `${printable(column)}: higher is ${higher}${guessed ? ", as that makes the AUROC at least a half (--higher says otherwise)" : ""}`,
    ...(aurc === null
      ? []
      : [
          `${printable(column)}: AURC ${percent(aurc)} %, E-AURC ${percent(excessAurc ?? NaN)} %; with unknown rows as errors ${onSets(sets, ({ aurcAll }) => aurcAll)}`,
          `${printable(column)}: OSCR ${onSets(sets, ({ oscr }) => oscr)}`,
          "reason" in calibration
            ? `${printable(column)}: no ECE and MCE, as ${calibration.reason}`
            : `${printable(column)}: ECE ${percent(calibration.ece)} %, MCE ${percent(calibration.mce)} % of the known rows, the scores taken as probabilities of the predicted class`,
        ]),
    ...sets.flatMap(({ name, ccr }) =>
      ccr === null
        ? []
        : [
            `${printable(column)}: CCR on ${printable(name)} ${Object.entries(ccr)
              .map(([rate, value]) => `${percent(value)} % at FPR ${rate}`)
              .join(", ")}`,
          ],
    ),
  ]);
  const tied = columns.flatMap(({ column, sets }) =>
    sets.flatMap(({ name, tied, metrics: { fpr95, fpr95Id } }) =>
      tied === null
        ? []
        : [
            `${printable(column)} on ${printable(name)}: equal scores make a diagonal of the ROC curve, whose points OpenOOD drops; with them ${[
              ["FPR@95", tied.fpr95, fpr95] as const,
              ["FPR@95 with known positive", tied.fpr95Id, fpr95Id] as const,
            ]
              .filter(([, all, dropped]) => percent(all) !== percent(dropped))
              .map(([title, all, dropped]) => `${title} is ${percent(all)} instead of ${percent(dropped)}`)
              .join(", ")}`,
          ],
    ),
  );
  const pairs = differences.map(
    ({ first, second, on, metric, difference, interval: [low, high], adjustedP, beyond, delongP }) =>
      `${printable(first)} - ${printable(second)} on ${printable(on)}: ${metric} ${percent(difference)} [${percent(low)}, ${percent(high)}], adjusted p ${adjustedP.toPrecision(2)}${beyond ? "*" : ""}` +
      (delongP === undefined ? "" : `, DeLong p ${delongP.toPrecision(2)}`),
  );
  return [
    ...senses,
    `${known} known rows${accuracy === null ? "; without their classes (label) and predictions (pred) no accuracy, AURC, OSCR, CCR, ECE and MCE" : `, accuracy ${percent(accuracy)} %`}`,
    table.toString(),
    `percent; FPR@95: share of known rows rejected where 95 % of the unknown are (OpenOOD), or of unknown rows accepted where 95 % of the known are${resamples === 0 ? "" : `; brackets: 95 % of ${resamples} resamples, seed ${seed}`}`,
    ...own,
    ...tied,
    ...(pairs.length > 0 ? ["differences, paired over rows:", ...pairs] : []),
    ...(differences.some(({ beyond }) => beyond)
      ? ["* every resample has this sign: p is that of their standard error"]
      : []),
    "",
  ].join("\n");
}

function rowsOf({ column, sets, mean }: JudgedColumn): string[][] {
  const cells = ({
    metrics,
    interval,
  }: Pick<JudgedColumn["sets"][number], "metrics" | "interval">): string[] =>
    (["auroc", "fpr95", "fpr95Id", "auprIn", "auprOut"] as const).map((metric) => {
      const bounds = interval?.[metric];
      const around = bounds ? ` [${percent(bounds[0])}, ${percent(bounds[1])}]` : "";
      return `${percent(metrics[metric])}${around}`;
    });
  return [
    ...sets.map((set) => [printable(column), `${printable(set.name)} (${set.count})`, ...cells(set)]),
    ...(sets.length > 1 ? [[printable(column), "mean", ...cells(mean)]] : []),
  ];
}
