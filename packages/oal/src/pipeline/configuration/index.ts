export { checkConfiguration, loadConfiguration } from "./load.js";
export { presets } from "./presets.js";
export {
  configurationJsonSchema,
  configurationSchema,
  type Configuration,
  type ConfigurationInput,
} from "./schema.js";
export { isRunFolder } from "./source.js";
