/** Reference values `import`: every network in its training form: gradients, and running statistics by both rules. */
import { describe, it } from "vitest";
import { loadManifest } from "../../packages/oal/src/testing/golden.js";
import { checkNetwork, networksOf } from "./importNetwork.js";

const manifest = loadManifest("import");

describe.skipIf(!manifest)("networks to import", () => {
  it.for(networksOf(manifest, "training"))("%s gives the golden outputs and gradients", ([, each], test) =>
    checkNetwork(each, test),
  );
});
