/** Faults in weights of PyTorch, the networks they belong to, and the hub that models come from. */
const source = (path) => `packages/oal/src/${path}`;
const pull = [source("hub/pull.test.ts")];
const weights = [source("nn/weights.test.ts")];

export const foreign = [
  {
    file: "packages/core/src/graph/onnx/openFunctions.ts",
    what: "the nodes of a function do not take the attributes of its call",
    find: 'call.messages(5, "an attribute")]',
    replace: 'call.messages(99, "an attribute")]',
    tests: ["test/generic/fileFunctions.test.ts"],
  },
  {
    file: "packages/core/src/graph/onnx/carriedTensor.ts",
    what: "weights of few bits lose the data that lie beside the model",
    find: "if (raw) copy.bytes(9, raw);",
    replace: "if (raw) copy.bytes(9, raw.map(() => 0));",
    tests: ["test/generic/carriedTypes.test.ts"],
  },
  {
    file: source("hub/http.ts"),
    what: "the token goes wherever the hub redirects to",
    find: "if (place.token !== undefined && url.origin === home)",
    replace: "if (place.token !== undefined && home !== '')",
    tests: pull,
  },
  {
    file: source("hub/http.ts"),
    what: "a hub that redirects for ever is followed for ever",
    find: "count <= mostRedirects; count++",
    replace: "count <= 500; count++",
    tests: pull,
  },
  {
    file: source("hub/download.ts"),
    what: "a fetched file is kept whatever its checksum",
    find: "if (found === undefined || found === file.etag) break;",
    replace: "if (found !== '') break;",
    tests: pull,
  },
  {
    file: source("hub/download.ts"),
    what: "the whole file is put behind the part that was there",
    find: "response.status === 206 &&",
    replace: "response.status > 0 ||",
    tests: pull,
  },
  {
    file: source("hub/download.ts"),
    what: "a file that is longer than listed is taken",
    find: "if (at + piece.length > file.size) {",
    replace: "if (at + piece.length > 1e15) {",
    tests: pull,
  },
  {
    file: source("hub/listing.ts"),
    what: "a model may name files outside its folder",
    find: `&& part !== ".."`,
    replace: `&& part !== "..."`,
    tests: pull,
  },
  {
    file: source("hub/pull.ts"),
    what: "gigabytes are fetched without a question",
    find: "missing > askedFrom &&",
    replace: "missing > 1e15 &&",
    tests: pull,
  },
  {
    file: source("hub/contents.ts"),
    what: "damaged files of the hub's cache pass",
    find: "if (found !== etag) damaged.push",
    replace: "if (found === '') damaged.push",
    tests: [source("hub/contents.test.ts")],
  },
  {
    file: source("hub/contents.ts"),
    what: "removing a revision takes what another one needs",
    find: "kept.has(etag) ? []",
    replace: "kept.has('') ? []",
    tests: [source("hub/contents.test.ts")],
  },
  {
    file: source("nn/weights.ts"),
    what: "counters of no normalisation are passed over",
    find: 'statistics.has(name.replace(/num_batches_tracked$/, "running_var"))',
    replace: "statistics.size >= 0",
    tests: weights,
  },
  {
    file: source("nn/layers/selfAttention.ts"),
    what: "attention is not divided by the root of the head's width",
    find: "1 / Math.sqrt(perHead)",
    replace: "1",
    tests: weights,
  },
  {
    file: source("nn/networks/vit.ts"),
    what: "a vision transformer normalises with another epsilon",
    find: "const epsilon = 1e-6;",
    replace: "const epsilon = 1e-3;",
    tests: weights,
  },
  {
    file: source("nn/networks/resnet.ts"),
    what: "the stride of a bottleneck is in its first convolution",
    find: "const narrow = activate(layer(1, x, width, 1, 1));",
    replace: "const narrow = activate(layer(1, x, width, 1, stride));",
    tests: [source("nn/networks/scales.test.ts")],
  },
];
