/** What tests say an artifact is whose content is not their matter. */

/** A manifest as `publish` takes it: of stage "data", made of nothing by these versions. @param own  what differs */
export function testManifestHead<Versions, Own extends object>(versions: Versions, own: Own) {
  return {
    key: "",
    stage: "data",
    version: 1,
    inputs: {},
    data: {},
    configuration: {},
    seed: 0,
    versions,
    started: "",
    seconds: 0,
    timings: {},
    metrics: {},
    ...own,
  };
}

/** A whole manifest, without files. */
export function testManifest<Versions, Own extends object>(versions: Versions, own: Own) {
  return { format: 1 as const, ...testManifestHead(versions, own), files: {} };
}
