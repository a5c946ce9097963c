/** What a model is called, by its path. */
import { basename, dirname, extname, sep } from "node:path";
import { repoOfFolder } from "../hub/name.js";

/** The model's name: of its folder where the file is only called "model", of the hub's where it lies in the hub's cache. */
export function nameOf(path: string): string {
  const repo = path.split(sep).findLast((folder) => repoOfFolder(folder) !== undefined);
  if (repo !== undefined) return basename(repoOfFolder(repo) ?? "");
  const name = basename(path, extname(path));
  if (name !== "model") return name;
  const folder = dirname(path);
  return basename(basename(folder) === "onnx" ? dirname(folder) : folder) || name;
}
