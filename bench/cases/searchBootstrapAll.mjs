// The same board with as many detectors as a benchmark of all of them has; a resample costs what it costs, so a hundred are enough.
import base from "./searchBootstrap.mjs";

export default { ...base, settings: { detectors: 35, resamples: 100, share: 1 }, repetitions: 1 };
