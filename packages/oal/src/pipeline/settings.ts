/** From a configuration to what its stages are planned from: the data of every seed are prepared, or found. */
import type { Artifact } from "./artifact.js";
import type { Configuration } from "./configuration/schema.js";
import type { Workshop } from "./plan/obtain.js";
import type { Lane, RunSettings } from "./plan/stage.js";
import type { Preflight } from "./preflight.js";
import { firstSeed, seedConfigurations } from "./seeds.js";
import type { RunModels } from "./models.js";
import { settleModels } from "./settledModels.js";
import { prepareData, type PreparedData } from "./stages/data.js";

/**
 * Prepares the data of every seed.
 *
 * @param onData called with the artifact of each and the run's name for it ("data", "data.seed1")
 */
export async function prepareSettings(
  config: Configuration,
  ahead: Preflight,
  workshop: Workshop,
  onData: (name: string, artifact: Artifact) => Promise<void> = () => Promise.resolve(),
): Promise<RunSettings> {
  const { run, students } = seedConfigurations(config);
  let models: RunModels | undefined;
  const lanes: Lane[] = [];
  for (const { suffix, config: own } of run) {
    const name = `data${suffix}`;
    const data = await prepareData(own, ahead, workshop, name);
    await onData(name, data.artifact);
    models ??= await settleModels(ahead.models, data, own, workshop);
    lanes.push({ suffix, config: own, data: forModel(data, models), models });
  }
  const [first, ...others] = lanes;
  if (first === undefined) throw new RangeError("a run without seeds");
  return {
    run: [first, ...others],
    students: students.map(({ suffix, config: own }, i) => ({
      suffix,
      config: own,
      data: (lanes[i] ?? first).data,
      models: first.models,
    })),
    all: { config: { ...config, seed: firstSeed(config) }, data: first.data, models: first.models },
  };
}

/** The data of a run whose students start from a model: they see pictures as it wants them. */
function forModel(data: PreparedData, { init }: RunModels): PreparedData {
  if (!init) return data;
  const { mean, std } = init.normalisation;
  return { ...data, normalisation: { mean, std } };
}
