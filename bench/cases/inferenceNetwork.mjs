// Any network of ours at any size, without a peer: --set network=vitBase16 --set side=224 --set batch=8.
import { ourInference } from "../steps/inference.mjs";

export default {
  title: ({ network, side, batch }) => `inference, ${network} at ${side} pixels, batch ${batch}`,
  unit: "ms a batch",
  settings: { network: "vitSmall16", options: {}, side: 224, classes: 1000, batch: 1, runs: 1 },
  short: { network: "vitTiny16", side: 64 },
  contestants: { oal: { make: ourInference() } },
};
