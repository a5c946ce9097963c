/** What a model is called, by its path. */
import { basename, dirname, extname, resolve, sep } from "node:path";
import { isHubName, parseHubName, repoOfFolder } from "../hub/name.js";

/** The model's name: of its folder where the file is only called "model", of the hub's where it lies in the hub's cache. */
export function nameOf(path: string): string {
  const repo = path.split(sep).findLast((folder) => repoOfFolder(folder) !== undefined);
  if (repo !== undefined) return basename(repoOfFolder(repo) ?? "");
  const name = basename(path, extname(path));
  if (name !== "model") return name;
  const folder = dirname(path);
  return basename(basename(folder) === "onnx" ? dirname(folder) : folder) || name;
}

/** What is made of a model is called as the model: by its path, or "hf:OWNER/NAME[@REVISION]". */
export function fitName(path: string): string {
  if (isHubName(path)) return basename(parseHubName(path).repo);
  const whole = resolve(path);
  return /\.(onnx|safetensors)$/i.test(whole) ? nameOf(whole) : basename(whole);
}
