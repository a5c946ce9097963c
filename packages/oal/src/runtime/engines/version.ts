/** The installed version of ONNX Runtime's Node binding. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Its version, as "1.30.0"; "none" when it is not installed. */
export function bindingVersion(): string {
  try {
    const path = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
    const parsed: unknown = JSON.parse(readFileSync(path, "utf8"));
    const found =
      typeof parsed === "object" && parsed !== null && "version" in parsed ? parsed.version : undefined;
    return typeof found === "string" ? found : "unknown";
  } catch {
    return "none";
  }
}
