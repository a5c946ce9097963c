/** The versions that a result depends on, read from the installed packages. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { bindingVersion } from "../runtime/engines/version.js";

/** Versions stored with every run and artifact. */
export interface Versions {
  readonly oal: string;
  readonly node: string;
  readonly onnxruntime: string;
}

function versionIn(path: string): string {
  const parsed: unknown = JSON.parse(readFileSync(path, "utf8"));
  const found =
    typeof parsed === "object" && parsed !== null && "version" in parsed ? parsed.version : undefined;
  return typeof found === "string" ? found : "unknown";
}

/** The version of this package. */
export function oalVersion(): string {
  return versionIn(createRequire(import.meta.url).resolve("../../package.json"));
}

/** All versions; an engine that is not installed is "none". */
export function versions(): Versions {
  return { oal: oalVersion(), node: process.versions.node, onnxruntime: bindingVersion() };
}
