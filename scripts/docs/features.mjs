// FEATURES.md: what oal knows, from its registries; what is limited and what is refused, said per kind of thing. A registry entry without
// its words here is an error, so that the page cannot forget one.
import { detectors, operators } from "../../packages/core/dist/index.js";
import { pictureKinds } from "../../packages/oal/dist/data/pictures/kinds.js";
import { readers } from "../../packages/oal/dist/data/readers/index.js";
import { networks } from "../../packages/oal/dist/nn/networks/index.js";
import { outlierSources } from "../../packages/oal/dist/outliers/sources/index.js";
import { samplers } from "../../packages/oal/dist/outliers/samplers/index.js";
import { exposures } from "../../packages/oal/dist/training/exposures/index.js";
import { trainingMethods } from "../../packages/oal/dist/training/methods/index.js";
import { recipes } from "../../packages/oal/dist/training/recipes/index.js";

/** Per reader: what it reads, where it stops, what it refuses. */
const readerNotes = {
  imglist: [
    'lists as OpenOOD has them, "path label" a line, over a folder, an archive, or a folder of archives',
    "labels are whole numbers, -1 only in sets of unknown images",
    "an image listed twice, a label beyond the classes, a missing image",
  ],
  idx: [
    "IDX images and labels (MNIST and its family), plain or gzipped; grey becomes three equal channels",
    "8-bit grey images",
    "other element types",
  ],
  cifarBinary: [
    "the binary version of CIFAR-10 and CIFAR-100: folder, .tar.gz or one .bin file",
    "the published files",
    "the Python and MATLAB versions (with the name of the right download)",
  ],
  tarArchive: [
    "tar and tar.gz as unpacking would leave them, links inside included: a folder per class, or one folder of unknown images",
    "a picture of at most 512 MiB",
    "xz, bzip2, Zstandard, 7-Zip, RAR (named by content); what expands more than 200-fold",
  ],
  zipArchive: [
    "zip and zip64 as unpacking would leave them",
    "stored and deflated members, a picture of at most 512 MiB",
    "encrypted members, other compressions; what expands more than 200-fold",
  ],
  imageFolder: [
    "a folder per class, nested and linked folders included, or one folder of unknown images; orientation as EXIF says",
    "the pictures of the next table",
    "pictures beyond the pixel limit, pipes, broken links (named; --skip-bad leaves them out)",
  ],
};

const cell = (text) => String(text).replaceAll("|", "\\|").replaceAll("\n", " ");
const table = (head, rows) => [
  `| ${head.join(" | ")} |`,
  `|${head.map(() => " --- ").join("|")}|`,
  ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
];
const all = (registry) => registry.all ?? registry;

function readerRows() {
  return all(readers).map(({ id }) => {
    const note = readerNotes[id];
    if (note === undefined) throw new Error(`scripts/docs/features.mjs says nothing of reader ${id}`);
    return [`\`${id}\``, ...note];
  });
}

/** The parameters of a detector with their defaults. */
const parametersOf = ({ parameters }) =>
  Object.entries(parameters)
    .map(([name, spec]) => `${name} = ${JSON.stringify(spec.default)}`)
    .join(", ") || "none";

/** The page, as Markdown. */
export function featuresPage() {
  return `${[
    "# Features",
    "",
    "<!-- Made by `npm run docs:pages` from the registries; a test keeps it so. -->",
    "",
    "What stands in a table is done and tested. Each kind of thing is open: an own one is added from outside (README, *Extending*).",
    "",
    "## Detectors",
    "",
    ...table(
      ["id", "detector", "needs", "fitted on", "parameters"],
      detectors.all.map((each) => [
        `\`${each.id}\``,
        each.title,
        each.needs.join(", "),
        each.fitOn(
          Object.fromEntries(Object.entries(each.parameters).map(([name, spec]) => [name, spec.default])),
        ) ?? "nothing",
        parametersOf(each),
      ]),
    ),
    "",
    "## Training",
    "",
    ...table(
      ["recipe", "title", "methods"],
      recipes.all.map(({ id, title, methods }) => [
        `\`${id}\``,
        title,
        methods.map(({ method }) => method).join(", "),
      ]),
    ),
    "",
    ...table(
      ["method", "title", "terms", "section of the configuration"],
      trainingMethods.all.map(({ id, title, terms, section }) => [
        `\`${id}\``,
        title,
        Object.keys(terms).join(", ") || "those of the exposures",
        section === undefined ? "`teacher`, `student`" : `\`${section}\``,
      ]),
    ),
    "",
    ...table(
      ["kind", "id", "title"],
      [
        ...exposures.all.map(({ id, title }) => ["exposure", `\`${id}\``, title]),
        ...outlierSources.all.map(({ id, title }) => ["outlier source", `\`${id}\``, title]),
        ...networks.all.map(({ id, title }) => ["network", `\`${id}\``, title]),
        ...samplers.all.map(({ id, title }) => ["sampler", `\`${id}\``, title]),
      ],
    ),
    "",
    "## Data readers",
    "",
    ...table(["id", "done", "limited to", "refused, with what to do"], readerRows()),
    "",
    ...table(
      ["picture", "endings", "read"],
      pictureKinds.map(({ id, endings, refusal }) => [
        id,
        endings.join(", "),
        refusal === undefined ? "yes" : `no: ${refusal}`,
      ]),
    ),
    "",
    "## Operators",
    "",
    "An ONNX file is read whole. Nodes whose operator stands here, at an opset where it means the same and with attributes that it knows, are",
    "understood: they have a shape rule, a gradient (where it says so) and a plain reference. Every other node is kept opaque: it runs,",
    "it can be extended and is written back as it stood, and it has no gradient; where its meaning changes between the file's opset and",
    "the one written, OAL-G116 names node, operator and both. Refused: inputs and initialisers of strings, complex numbers, floats of 8",
    "bits and less, and sparse tensors (OAL-G113). Older forms are understood too: axes as attributes, Softmax below opset 13 over the last",
    "axis, Dropout outside training.",
    "",
    ...table(
      ["operator", "domain", "as of opset", "gradient"],
      Object.values(operators)
        .toSorted((a, b) => a.name.localeCompare(b.name))
        .map(({ name, onnxType, domain, sinceOpset, gradient }) => [
          onnxType === undefined || onnxType === name ? name : `${name} (${onnxType})`,
          domain === undefined ? "ONNX" : `${domain}, CPU only`,
          sinceOpset,
          gradient === "none" ? "no" : "yes",
        ]),
    ),
  ].join("\n")}\n`;
}
