/** A set that may not be looked at: what stands in the place of the test images where settings are chosen. */
import { oalError } from "oal-core";
import type { ImageSet } from "./imageSet.js";

/** A set without images that refuses to be read: reading test images while settings are chosen is a fault of the program. */
export function withheldSet(name: string): ImageSet {
  const refuse = (): never => {
    throw oalError("OAL-X101", { problem: `images of ${name} were asked for while they are withheld` });
  };
  return {
    name,
    count: 0,
    height: 0,
    width: 0,
    channels: 3,
    labels: new Int32Array(),
    ids: [],
    classNames: [],
    get contentHash() {
      return refuse();
    },
    read: refuse,
    close() {
      // there is nothing to close
    },
  };
}

/** Whether a set is withheld: every other one has at least one image. */
export function isWithheld({ count }: ImageSet): boolean {
  return count === 0;
}
