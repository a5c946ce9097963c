/** A folder with one sub-folder of images per class. */
import { stat } from "node:fs/promises";
import { openClassTree, splitsOf } from "./classTree.js";
import { folderContainer } from "./container.js";
import type { Reader } from "./reader.js";

/** Reader of class folders on disk. */
export const imageFolder: Reader = {
  id: "imageFolder",
  orientation: "apply",
  version: 2,
  title: "a folder of class folders",
  matches: async (spec) => (await stat(spec.path)).isDirectory(),
  splits: (spec) => splitsOf(folderContainer(spec.path)),
  fingerprint: (spec) => folderContainer(spec.path).fingerprint(),
  open: (spec) => openClassTree(folderContainer(spec.path), spec),
};
