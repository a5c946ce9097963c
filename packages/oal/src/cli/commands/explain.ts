/** `oal explain`: everything about detectors, and about what students are trained by, that stands beside their code. */
import { areStored, detectors, oalError, suggest, type Detector } from "oal-core";
import { explainedCombination } from "./explainCombination.js";

/** A thing that can be explained. */
export interface Explained {
  /** "detector", "outlier source". */
  readonly kind: string;
  /** Its id, and its other names. */
  readonly names: readonly string[];
  readonly asJson: () => object;
  /** Lines for people. */
  readonly asText: () => string;
}

/** Taps in words. */
const tapWords: Readonly<Record<string, string>> = {
  logits: "class scores",
  features: "penultimate features",
  head: "a linear last layer",
  images:
    "the pictures themselves, which pass the network again, with the gradient by them where the formula has one",
  maps: "feature maps",
};

/** A tap for people. */
function inWords(tap: string): string {
  if (tap.startsWith("heads."))
    return `the trained head "${tap.slice("heads.".length)}" (oal list methods shows what makes it)`;
  return tapWords[tap] ?? tap;
}

/** Prints what is known of some names; of a name that several kinds of things have, of each. @throws OAL-C204 for an unknown one */
export async function explainCommand(
  names: readonly string[],
  { json }: { readonly json?: boolean },
): Promise<void> {
  const { explainedTraining } = await import("./explainTraining.js");
  const all = [...explainedDetectors(), explainedCombination, ...explainedTraining()];
  const found = names.flatMap((name) => {
    const own = all.filter((each) => each.names.includes(name));
    return own.length > 0 ? own : refuse(name, all);
  });
  const once = [...new Set(found)];
  process.stdout.write(
    json
      ? `${JSON.stringify(
          once.map(({ kind, asJson: facts }) => ({ kind, ...facts() })),
          null,
          2,
        )}\n`
      : once.map(({ asText }) => asText()).join("\n"),
  );
}

function refuse(name: string, all: readonly Explained[]): never {
  const kinds = [...new Set(all.map(({ kind }) => kind))];
  throw oalError("OAL-C204", {
    kind: `${kinds.slice(0, -1).join(", ")} or ${kinds.at(-1) ?? ""}`,
    name,
    near: suggest(
      name,
      all.flatMap((each) => each.names),
    ),
    known: ["those that oal list prints; oal config tells of keys"],
  });
}

/** Every detector. */
function explainedDetectors(): readonly Explained[] {
  return detectors.all.map((detector) => ({
    kind: "detector",
    names: [detector.id, ...detector.aliases],
    asJson: () => asJson(detector),
    asText: () => explained(detector),
  }));
}

function asJson(detector: Detector): object {
  const { id, title, aliases, version, jumps, needs, source, formula, cost, notes, parameters } = detector;
  const listed = Object.entries(parameters).map(([name, each]) => {
    const { domain, default: usual, description, reason, search = [], fallbacks = [] } = each;
    return [name, { domain, default: usual, description, reason, search, fallbacks }] as const;
  });
  const facts = { id, title, aliases, version, source, formula, needs, cost, notes, jumps };
  return {
    ...facts,
    fitOn: detector.fitOn(),
    bank: detector.bank !== null,
    assumesPositive: detector.assumesPositive,
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
    ...(detector.assumesPositive
      ? [
          "  features    are taken to be at least 0, as behind a ReLU; a transformer's are not, and fits warn of it",
        ]
      : []),
    ...Object.entries(parameters).map(
      ([name, { default: usual, description, domain, reason, search, fallbacks }]) =>
        `  ${name} = ${JSON.stringify(usual)}: ${description}; ${domain}. Default: ${reason}.` +
        (search ? ` Searched: ${listed(search)}.` : "") +
        (fallbacks ? ` Where the default tells nothing: ${listed(fallbacks)}.` : ""),
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

function listed(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(" ");
}

/** "work; kept" in words. */
function costOf(cost: string): string {
  const [work = "", kept] = cost.split("; ");
  return `${work} for every picture${kept === undefined ? "" : `; keeps ${kept}`}`;
}
