/** `oal explain`: everything about detectors that stands beside their code. */
import { areStored, detectors, type Detector } from "oal-core";

/** Taps in words. */
const tapWords: Readonly<Record<string, string>> = {
  logits: "class scores",
  features: "penultimate features",
  head: "a linear last layer",
  images: "the pictures themselves, and the gradient by them",
  maps: "feature maps",
};

/** A tap for people. */
function inWords(tap: string): string {
  if (tap.startsWith("heads."))
    return `the trained head "${tap.slice("heads.".length)}" (oal list methods shows what makes it)`;
  return tapWords[tap] ?? tap;
}

/** Prints what is known of some detectors. @throws OAL-E201 for an unknown one */
export function explainCommand(names: readonly string[], { json }: { readonly json?: boolean }): void {
  const found = [...new Set(names.map((name) => detectors.find(name)))];
  process.stdout.write(
    json ? `${JSON.stringify(found.map(asJson), null, 2)}\n` : found.map(explained).join("\n"),
  );
}

function asJson(detector: Detector): object {
  const { id, title, aliases, version, jumps, needs, source, formula, cost, notes, parameters } = detector;
  const listed = Object.entries(parameters).map(([name, each]) => {
    const { domain, default: usual, description, reason, search = [] } = each;
    return [name, { domain, default: usual, description, reason, search }] as const;
  });
  const facts = { id, title, aliases, version, source, formula, needs, cost, notes, jumps };
  return {
    ...facts,
    fitOn: detector.fitOn(),
    bank: detector.bank !== null,
    parameters: Object.fromEntries(listed),
  };
}

/** The lines for people. */
function explained(detector: Detector): string {
  const { id, title, aliases, source, formula, needs, cost, notes, parameters, jumps } = detector;
  const lines = [
    `${id}: ${title}${aliases.length === 0 ? "" : ` (also ${aliases.join(", ")})`}`,
    `  confidence  ${formula}`,
    `  source      ${source}`,
    `  needs       ${needs.map(inWords).join(", ")}`,
    `  fitted on   ${fittedOn(detector)}`,
    ...(cost === "" ? [] : [`  cost        ${costOf(cost)}`]),
    `  runs        ${areStored(needs) ? "over stored outputs: one pass of the model serves all such detectors" : "inside the model: pictures are passed through it again"}`,
    ...(jumps
      ? ["  engines     agree in most pictures only: the score jumps where a sign or a rank changes"]
      : []),
    ...Object.entries(parameters).map(
      ([name, { default: usual, description, domain, reason, search }]) =>
        `  ${name} = ${JSON.stringify(usual)}: ${description}; ${domain}. Default: ${reason}.` +
        (search ? ` Searched: ${search.map((value) => JSON.stringify(value)).join(" ")}.` : ""),
    ),
    ...notes.map((note) => `  - ${note}`),
  ];
  return `${lines.join("\n")}\n`;
}

function fittedOn(detector: Detector): string {
  const on = detector.fitOn();
  if (on === null) return "nothing";
  const what = on === "train" ? "training pictures" : "validation pictures";
  return detector.bank ? `${what}, of which rows are kept` : what;
}

/** "work; kept" in words. */
function costOf(cost: string): string {
  const [work = "", kept] = cost.split("; ");
  return `${work} for every picture${kept === undefined ? "" : `; keeps ${kept}`}`;
}
