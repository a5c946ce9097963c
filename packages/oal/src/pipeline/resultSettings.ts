/** What of a configuration decides results. */

/** Where and how it is computed: with other values of these a run is the same run. */
const machineSettings: readonly string[] = ["threads", "jobs", "device", "checkpointSeconds"];

/** A configuration without what does not change a run's result, and so does not make another run. */
export function resultSettings(configuration: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(configuration).filter(([key]) => !machineSettings.includes(key)));
}
