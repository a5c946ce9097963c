/** `oal list`: what the registries hold. */
import { detectors, metrics, oalError, suggest } from "oal-core";

/** One line of a listing. */
export interface Listed {
  readonly id: string;
  readonly title: string;
  readonly source?: string;
  readonly aliases?: readonly string[];
  /** Of a training method: the outlier data it learns from. */
  readonly outliers?: readonly string[];
  /** Of a training method: the heads that its models keep, and the detectors that read them. */
  readonly heads?: readonly string[];
  readonly detectors?: readonly string[];
  /** How it works, as one formula or sentence. */
  readonly formula?: string;
  /** How it is made: in the batch, or by a stage. */
  readonly made?: string;
  /** What can be set, by name. */
  readonly parameters?: Readonly<Record<string, ListedParameter>>;
}

/** A parameter of a listed thing. */
export interface ListedParameter {
  readonly domain: string;
  readonly default: unknown;
  readonly description: string;
  readonly reason: string;
  readonly search?: readonly unknown[] | undefined;
}

const kinds: Readonly<Record<string, () => Promise<readonly Listed[]>>> = {
  detectors: () =>
    Promise.resolve(
      detectors.all.map(({ id, title, source, aliases, parameters }) => {
        const listed = Object.entries(parameters).map(([name, each]): [string, ListedParameter] => {
          const { domain, default: usual, description, reason, search } = each;
          return [name, { domain, default: usual, description, reason, search }];
        });
        return { id, title, source, aliases, parameters: Object.fromEntries(listed) };
      }),
    ),
  metrics: () => Promise.resolve(metrics.all),
  readers: async () => (await import("../../data/readers/index.js")).readers.all,
  sections: async () => (await import("../../report/sectionRegistry.js")).reportSections.all,
  networks: async () => (await import("../../nn/networks/index.js")).networks.all,
  recipes: async () => {
    const { recipes } = await import("../../training/recipes/index.js");
    return recipes.all.map(({ id, title, methods }) => ({
      id,
      title: `${title}: ${methods.map(({ method, weight = 1 }) => (weight === 1 ? method : `${weight} ${method}`)).join(" + ")}`,
    }));
  },
  methods: async () => {
    const { trainingMethods } = await import("../../training/methods/index.js");
    return trainingMethods.all.map(({ id, title, source, terms, outliers = [], heads, detectors: read }) => {
      const names = Object.keys(terms);
      return {
        id,
        title: names.length === 0 ? title : `${title} (${names.join(", ")})`,
        source,
        outliers,
        heads: heads?.({}) ?? [],
        detectors: read?.({}) ?? [],
      };
    });
  },
  outliers: async () => (await import("./listOutliers.js")).listedOutliers(),
  exposures: async () => (await import("../../training/exposures/index.js")).exposures.all,
  losses: async () => (await import("../../nn/losses/index.js")).classificationLosses.all,
  activations: async () => (await import("../../nn/activations/index.js")).activations.all,
  optimisers: async () => (await import("../../nn/optimisers/index.js")).optimisers.all,
  schedules: async () => (await import("../../nn/schedules/index.js")).schedules.all,
  stages: async () => {
    const { dataStages, stages } = await import("../../pipeline/stages/index.js");
    return [...dataStages.all, ...stages.all];
  },
  samplers: async () => (await import("../../outliers/samplers/index.js")).samplers.all,
  protocols: async () => (await import("../../benchmark/protocols/index.js")).protocols,
  runs: async () => {
    const { knownRuns, seedsInWords } = await import("../../pipeline/describeRun.js");
    return (await knownRuns()).map((run) => ({
      id: run.folder,
      title: `preset ${run.preset}, ${seedsInWords(run)}, ${run.methods.join(", ")}: ${run.finished === null ? "not finished" : `finished ${run.finished}`}`,
    }));
  },
  presets: async () => {
    const { presets } = await import("../../pipeline/configuration/presets.js");
    return [...presets].map(([id, { title }]) => ({ id, title }));
  },
};

/** Prints one registry, or all. @throws OAL-C204 for a kind that is not there, the errors of the configuration that was named */
export async function listCommand(
  kind: string | undefined,
  { json, config }: { readonly json?: boolean; readonly config?: string },
): Promise<void> {
  // reading a configuration loads its plugins
  if (config !== undefined) (await import("./configure.js")).configure(config, {});
  const known = Object.keys(kinds);
  if (kind !== undefined && !known.includes(kind)) {
    throw oalError("OAL-C204", { kind: "list of", name: kind, near: suggest(kind, known), known });
  }
  const listed: Record<string, Listed[]> = {};
  for (const [name, load] of Object.entries(kinds)) {
    if (kind !== undefined && kind !== name) continue;
    listed[name] = (await load()).map(
      ({ id, title, source, aliases, formula, made, parameters = {}, ...rest }) => ({
        id,
        title,
        ...(formula === undefined ? {} : { formula }),
        ...(made === undefined ? {} : { made }),
        ...(source === undefined ? {} : { source }),
        ...methodFacts(rest),
        ...(aliases === undefined || aliases.length === 0 ? {} : { aliases }),
        ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
      }),
    );
  }
  if (json) process.stdout.write(JSON.stringify(kind === undefined ? listed : listed[kind], null, 2) + "\n");
  else process.stdout.write(Object.entries(listed).map(block).join("\n"));
}

/** What is said of training methods alone; things of other kinds may have keys of these names with other contents. */
function methodFacts({ outliers, heads, detectors: read }: Partial<Listed>): Partial<Listed> {
  return outliers && heads && read ? { outliers, heads, detectors: read } : {};
}

/** The outlier data and heads of a method in words. */
function inWords({ outliers, heads = [], detectors: read = [] }: Listed): string {
  if (!outliers) return "";
  const data = outliers.map((each) => outlierWords[each] ?? each).join(", ");
  const own = heads.length === 0 ? "" : `; keeps ${heads.join(", ")} for detector ${read.join(", ")}`;
  return `. Outliers: ${data || "none"}${own}`;
}

const outlierWords: Readonly<Record<string, string>> = {
  pictures: "pictures",
  features: "made in the feature space",
  latents: "made in the latent space",
};

function block([name, rows]: readonly [string, readonly Listed[]]): string {
  const width = Math.max(...rows.map(({ id }) => id.length));
  const lines = rows.map((row) => {
    const { id, title, source, aliases, formula, made, parameters = {} } = row;
    const more = [formula, made].flatMap((text) =>
      text === undefined ? [] : [`\n  ${" ".repeat(width)}    ${text}`],
    );
    const also = aliases === undefined ? "" : ` (also ${aliases.join(", ")})`;
    const own = Object.entries(parameters).map(
      ([name, { domain, default: usual, description, reason }]) =>
        `\n  ${" ".repeat(width)}    ${name} ${usual === undefined ? "(none)" : JSON.stringify(usual)}: ${description}; ${domain}. Default: ${reason}`,
    );
    return `  ${id.padEnd(width)}  ${title}${also}${inWords(row)}${source === undefined ? "" : `. ${source}`}${more.join("")}${own.join("")}`;
  });
  return `${name}\n${lines.join("\n")}\n`;
}
