// Boundary sampling at the published sizes with one set of noise for all anchors of a round, as published.
import { ourBoundary } from "../steps/boundary.mjs";
import own from "./searchBoundary.mjs";

export default {
  ...own,
  title: (settings) => `${own.title(settings)}, which share their noise`,
  contestants: {
    oal: { make: ourBoundary({ noiseSharing: "round" }), work: own.contestants.oal.work },
  },
};
