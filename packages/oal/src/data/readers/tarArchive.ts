/** Image folders inside tar archives, plain or gzipped, read in place. */
import { archiveKind, openArchive } from "../archives/archiveKind.js";
import { openClassTree, splitsOf } from "./classTree.js";
import { fingerprintFile } from "./container.js";
import type { Reader } from "./reader.js";

/** Reader of class folders in tar files. */
export const tarArchive: Reader = {
  id: "tarArchive",
  orientation: "apply",
  version: 3,
  title: "class folders in a .tar or .tar.gz file",
  matches: (spec) => Promise.resolve(["tar", "tar.gz"].includes(archiveKind(spec.path) ?? "")),
  splits: (spec) => splitsOf(openArchive(spec.path)),
  fingerprint: (spec) => fingerprintFile(spec.path),
  open: (spec) => openClassTree(openArchive(spec.path), spec),
};
