// Examples of `oal`: name -> code. `results` and `model` are those of two detectors of a made-up evaluation; `folder` is empty.
export const main = {
  OalError: `try { loadConfiguration("nowhere.yaml"); } catch (error) { return error instanceof OalError; }`,
  isOalError: `try { loadConfiguration("nowhere.yaml"); } catch (error) { return [isOalError(error), error.code]; }`,
  configurationJsonSchema: `configurationJsonSchema().type`,
  configurationSchema: `typeof configurationSchema`,
  loadConfiguration: `loadConfiguration("embedded", { set: ["student.epochs=3"] }).student.epochs`,
  presets: `[...presets.keys()]`,
  resultTable: `resultTable([])`,
  resultCsv: `resultCsv([]).split(",").slice(0, 3)`,
  resultJson: `resultJson([])`,
  differenceTable: `differenceTable([])`,
  defineStage: `defineStage({ id: "count", version: 1, title: "counts", variants: () => [""], inputs: () => ({}), slice: () => ({}), run: async () => undefined }).id`,
  defineSource: `defineSource({ id: "none", title: "none", formula: "x = 0", source: "own", schema: z.strictObject({}), open: async () => ({ count: 0, pictures: () => new Uint8Array() }) }).id`,
  defineReader: `defineReader({ id: "dots", title: "dots", orientation: "ignore", matches: async () => false, splits: async () => [], fingerprint: async () => "", open: async () => null }).id`,
  defineReportSection: `defineReportSection({ id: "note", title: "a note", render: () => null }).id`,
  pluginTools: `Object.keys(pluginTools).slice(0, 4)`,
  scoreFormat: `scoreFormat`,
};
