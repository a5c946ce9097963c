/** What a plugin may add, and the registry that each kind of thing goes to. */
import {
  detectors,
  kinds,
  metrics,
  type Detector,
  type Kind,
  type Metric,
  type Registered,
  type Registry,
} from "oal-core";
import { readers } from "../../data/readerRegistry.js";
import type { Reader } from "../../data/readers/reader.js";
import type { Activation } from "../../nn/activations/activation.js";
import { activations } from "../../nn/activations/index.js";
import type { ClassificationLoss } from "../../nn/losses/classificationLoss.js";
import { classificationLosses } from "../../nn/losses/index.js";
import { networks } from "../../nn/networks/index.js";
import type { Network } from "../../nn/networks/network.js";
import { optimisers } from "../../nn/optimisers/index.js";
import type { OptimiserKind } from "../../nn/optimisers/optimiser.js";
import { schedules } from "../../nn/schedules/index.js";
import type { ScheduleKind } from "../../nn/schedules/schedule.js";
import { samplers } from "../../outliers/samplers/index.js";
import type { Sampler } from "../../outliers/samplers/sampler.js";
import { outlierSources } from "../../outliers/sources/index.js";
import type { OutlierSource } from "../../outliers/sources/source.js";
import { reportSections, type ReportSection } from "../../report/sectionRegistry.js";
import type { Exposure } from "../../training/exposures/exposure.js";
import { exposures } from "../../training/exposures/index.js";
import { trainingMethods } from "../../training/methods/index.js";
import type { TrainingMethod } from "../../training/methods/method.js";
import { recipes } from "../../training/recipes/index.js";
import type { Recipe } from "../../training/recipes/recipe.js";
import type { Stage } from "../plan/stage.js";
import { stages } from "../plan/stages.js";
import { sideSources } from "../sideSources/registry.js";
import type { SideSource } from "../sideSources/source.js";

/** What a plugin adds: lists of things, each made by its `define` function where there is one. */
export interface Contributions {
  readonly networks?: readonly Network[];
  readonly activations?: readonly Activation[];
  readonly losses?: readonly ClassificationLoss[];
  readonly optimisers?: readonly OptimiserKind[];
  readonly schedules?: readonly ScheduleKind[];
  readonly methods?: readonly TrainingMethod[];
  readonly recipes?: readonly Recipe[];
  readonly exposures?: readonly Exposure[];
  readonly outlierSources?: readonly OutlierSource[];
  readonly sideSources?: readonly SideSource[];
  readonly samplers?: readonly Sampler[];
  readonly stages?: readonly Stage[];
  readonly detectors?: readonly Detector[];
  readonly metrics?: readonly Metric[];
  readonly readers?: readonly Reader[];
  readonly reportSections?: readonly ReportSection[];
}

/** A kind of thing that can be added. */
interface AddedKind {
  /** What an entry must have. */
  readonly entry: Kind;
  /** The keys that an entry may have besides, as those of oal have them. */
  readonly keys: () => readonly string[];
  /**
   * Puts a plugin's entries into the registry, and says under which ids.
   *
   * @param hash the plugin's
   */
  add(contributions: Contributions, hash: string): readonly string[];
}

function into<T extends Registered>(
  registry: Registry<T>,
  of: (contributions: Contributions) => readonly T[] | undefined,
  entry: Readonly<Record<string, Kind>>,
  marked: (each: T, hash: string) => T = (each) => each,
): AddedKind {
  return {
    entry: kinds.fields({ id: kinds.name, ...entry }),
    keys: () => [
      ...new Set(["id", ...Object.keys(entry), ...registry.all.flatMap((each) => Object.keys(each))]),
    ],
    add: (contributions, hash) =>
      (of(contributions) ?? []).map((each) => {
        registry.register(marked(each, hash));
        return each.id;
      }),
  };
}

const { callback, integer, name, record } = kinds;

/** A reader whose sources count as others when its plugin changes, so that sets decoded before are not taken for the same. */
function withHash(reader: Reader, hash: string): Reader {
  return {
    ...reader,
    // by name: the functions of an object of a class are not its own and would be lost
    matches: (spec) => reader.matches(spec),
    splits: (spec) => reader.splits(spec),
    open: (spec) => reader.open(spec),
    fingerprint: async (spec) => `${await reader.fingerprint(spec)}/${hash}`,
  };
}

/** Every kind, by the name of its list. */
export const addedKinds: Readonly<Record<keyof Contributions, AddedKind>> = {
  networks: into(networks, (from) => from.networks, {
    schema: record,
    build: callback,
    featureDim: callback,
  }),
  activations: into(activations, (from) => from.activations, { apply: callback }),
  losses: into(classificationLosses, (from) => from.losses, { value: callback }),
  optimisers: into(optimisers, (from) => from.optimisers, {
    schema: record,
    make: callback,
    ignored: callback,
  }),
  schedules: into(schedules, (from) => from.schedules, { schema: record, make: callback }),
  methods: into(trainingMethods, (from) => from.methods, {
    schema: record,
    terms: record,
    needs: callback,
    build: callback,
  }),
  recipes: into(recipes, (from) => from.recipes, {
    title: kinds.text,
    methods: kinds.listOf(kinds.fields({ method: name })),
  }),
  exposures: into(exposures, (from) => from.exposures, { schema: record, terms: record, build: callback }),
  outlierSources: into(outlierSources, (from) => from.outlierSources, {
    schema: record,
    hasTeacherLogits: kinds.boolean,
    stages: callback,
    members: callback,
    refuses: callback,
    open: callback,
  }),
  sideSources: into(sideSources, (from) => from.sideSources, {
    provides: kinds.listOf(name),
    stages: callback,
    open: callback,
  }),
  samplers: into(samplers, (from) => from.samplers, {
    schema: record,
    coefficients: callback,
    update: callback,
  }),
  stages: into(stages, (from) => from.stages, {
    version: integer,
    variants: callback,
    slice: callback,
    inputs: callback,
    run: callback,
  }),
  detectors: into(detectors, (from) => from.detectors, { score: callback }),
  metrics: into(metrics, (from) => from.metrics, { compute: callback }),
  readers: into(
    readers,
    (from) => from.readers,
    {
      matches: callback,
      splits: callback,
      fingerprint: callback,
      open: callback,
    },
    withHash,
  ),
  reportSections: into(reportSections, (from) => from.reportSections, { title: name, render: callback }),
};

/** Whether a name is that of a list. */
export function isAddedKind(list: string): list is keyof Contributions {
  return Object.hasOwn(addedKinds, list);
}
