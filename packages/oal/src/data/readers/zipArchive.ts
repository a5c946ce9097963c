/** Image folders inside zip archives, read in place through the directory. */
import { archiveKind, openArchive } from "../archives/archiveKind.js";
import { openClassTree, splitsOf } from "./classTree.js";
import { fingerprintFile } from "./container.js";
import type { Reader } from "./reader.js";

/** Reader of class folders in zip files. */
export const zipArchive: Reader = {
  id: "zipArchive",
  orientation: "apply",
  version: 3,
  title: "class folders in a .zip file",
  matches: (spec) => Promise.resolve(archiveKind(spec.path) === "zip"),
  splits: (spec) => splitsOf(openArchive(spec.path)),
  fingerprint: (spec) => fingerprintFile(spec.path),
  open: (spec) => openClassTree(openArchive(spec.path), spec),
};
