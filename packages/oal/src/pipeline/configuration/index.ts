export { checkConfiguration, loadConfiguration, type LoadOptions } from "./load.js";
export { publishedReasons } from "./published/state.js";
export { presets, type Preset } from "./presets.js";
export {
  configurationJsonSchema,
  configurationSchema,
  type Configuration,
  type ConfigurationInput,
} from "./schema.js";
export { recordKeys } from "./schemaShape.js";
export { isRunFolder } from "./source.js";
