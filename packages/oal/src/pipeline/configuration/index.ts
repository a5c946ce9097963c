export { checkDataPaths } from "./checkPaths.js";
export { loadConfiguration, type LoadOptions } from "./load.js";
export { presets, type Preset } from "./presets.js";
export {
  configurationJsonSchema,
  configurationSchema,
  type Configuration,
  type ConfigurationInput,
  type ImageSetConfiguration,
} from "./schema.js";
