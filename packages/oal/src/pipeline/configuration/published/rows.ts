/**
 * Where the published code of OAL does something else than the method means: METHOD 9, row by row, in our words. A row whose
 * fix is off holds ordinary settings at what the published code does; nothing else reads it, so that every difference is a
 * setting that can be swept too. docs/decisions/0033 says why.
 */
/** Settings by dotted key. */
export type Decided = Readonly<Record<string, unknown>>;

/** The keys of the rows that change a number, in section `fixes`. */
export const rowIds = [
  "r01",
  "r02",
  "r03",
  "r04",
  "r05",
  "r06",
  "r07",
  "r08",
  "r09",
  "r10",
  "r12",
  "r13",
  "r15",
  "r16",
  "r17",
  "r18",
  "r19",
  "r20",
  "r21",
  "r25",
] as const;

/** The key of a row. */
export type RowId = (typeof rowIds)[number];

/** What is said of a row. */
export interface RowText {
  /** In a few words. */
  readonly title: string;
  /** What the published code does. */
  readonly published: string;
  /** What follows from it. */
  readonly consequence: string;
  /** What is done when it is fixed. */
  readonly corrected: string;
}

/** A row that can be switched. */
export interface PublishedRow extends RowText {
  /** The settings that it holds when its fix is off; undefined for one that only prompts of Stable Diffusion have. */
  readonly decides?: (setting: (key: string) => unknown) => Decided;
  /** Other values that its published forms have, for other data: they may be given beside it. */
  readonly also?: Readonly<Record<string, readonly unknown[]>>;
}

/** The rows that change a number. */
const rows: Readonly<Record<RowId, PublishedRow>> = {
  r01: {
    title: "which candidates are kept",
    published:
      "reads the list of K-th distances in the wrong layout, so that the anchor and the noise kept are not those that were far, and gives all anchors of a round the same noise",
    consequence: "the kept outliers are a random choice, made of some thirty noise vectors",
    corrected: "the farthest candidates of every anchor, which has noise of its own",
    decides: () => ({ "boundary.noiseSharing": "round", "boundary.selection": "misread" }),
  },
  r02: {
    title: "length of the outlier embeddings",
    published:
      "multiplies the unit vectors by the length of a text vector: 27.06 on average in the file for CIFAR-10, 0.390 in that for CIFAR-100",
    consequence:
      "directions of the teacher's space at lengths of a text encoder's, which never saw the teacher",
    corrected:
      "unit vectors; the diffusion model is conditioned on the teacher's space itself, Stable Diffusion on features that a map turned into its tokens' space, at the length of the token",
    decides: (setting) => ({
      "boundary.scale": 27.06,
      ...(setting("synthesis.model") === undefined ? {} : { "synthesis.align": false }),
    }),
    also: { "boundary.scale": [0.39] },
  },
  r03: {
    title: "which outlier meets which image",
    published: "pairs every image with any outlier",
    consequence:
      "the CLUB terms and their gradients are 0 on average, whatever the networks are: they add noise",
    corrected: "an outlier of the image's own class",
    decides: () => ({ "mi.pairing": "random" }),
  },
  r04: {
    title: "pooling of the latents",
    published: "takes the mean over channels, then over rows",
    consequence: "a latent becomes a profile over its columns; what lies above or below is gone",
    corrected: "mean and deviation on a 4x4 grid, standardised",
    decides: () => ({ "mi.latentPooling": "channel-row-mean" }),
  },
  r05: {
    title: "how q is learned",
    published: "lets q descend the bound itself, in the student's optimiser, and never fits it by likelihood",
    consequence: "q describes nothing; for dependent pairs the value has no lower end and is no bound",
    corrected:
      "Adam steps of q on its likelihood, with the features held; the value with q held, not below 0",
    decides: () => ({ "mi.learning": "value" }),
  },
  r06: {
    title: "the word that is replaced in a prompt",
    published: "takes the word from the list of CIFAR-100, whatever the data set",
    consequence:
      "on CIFAR-10 the prompts stay as they are: the outliers are ordinary pictures of the ten classes",
    corrected: "the list of the data set; a word that does not occur is an error",
  },
  r07: {
    title: "names of several words",
    published: "has two lists of names that differ, and replaces the first word piece only",
    consequence: "some classes of CIFAR-100 are replaced in part or not at all",
    corrected: "one list; the word piece that is replaced must occur",
  },
  r08: {
    title: "how many outlier embeddings are used",
    published: "conditions on the first 1000 embeddings of a class only",
    consequence: "of the 10,000 that are sampled for CIFAR-100, nine tenths make no latent",
    corrected: "all of them",
    decides: () => ({ "synthesis.perClass": 1000 }),
  },
  r09: {
    title: "which classes get latents",
    published: "draws a class with replacement for every three latents, which share one embedding",
    consequence: "of 100 classes about 37 get none of 300 latents",
    corrected: "classes in turn, an embedding of its own for every latent",
    decides: () => ({ "synthesis.draw": "published" }),
  },
  r10: {
    title: "the last step of an epoch",
    published: "draws 80 outliers for it, whatever the number of images",
    consequence: "it stops with an error unless the images leave a rest of 80 in steps of 128",
    corrected: "as many outliers as images",
    decides: () => ({ "mi.drawn": "published", "student.rest": "train" }),
  },
  r12: {
    title: "how the teacher sees pictures",
    published: "hands the teacher the tensor of the student, normalised for the student",
    consequence: "a teacher that wants another normalisation sees other contrasts than it was trained with",
    corrected: "the picture of the student, normalised and resized for the teacher",
    decides: () => ({ "teacher.normalisation": "student" }),
  },
  r13: {
    title: "what a student starts from",
    published: "starts from a finished cross-entropy student, whose epochs are not counted",
    consequence: "a comparison by epochs favours it",
    corrected: "every student of a run starts alike and has the same budget",
    decides: (setting) => ({ "warmStart.epochs": setting("student.epochs") }),
  },
  r15: {
    title: "pictures of the bank",
    published: "takes the first images of every class in an augmented pass of the training loader",
    consequence: "embeddings of flipped and moved pictures",
    corrected: "plain pictures, a seeded choice",
    decides: () => ({ "embeddings.view": "augmented" }),
  },
  r16: {
    title: "the K-th neighbour",
    published: "counts an embedding as its own first neighbour, but not a candidate",
    consequence: "K is one less for anchors than for candidates",
    corrected: "an embedding is no neighbour of itself",
    decides: () => ({ "boundary.countSelf": true }),
  },
  r17: {
    title: "anchors of a round",
    published: "takes as many anchors as were selected, so that every round has the same ones",
    consequence: "a few embeddings of every class are ever used",
    corrected: "boundary.select may be more than boundary.anchors; a round draws from them",
    decides: (setting) => ({ "boundary.select": setting("boundary.anchors") }),
  },
  r18: {
    title: "length of the noise",
    published:
      "takes a standard deviation of 0.07 in 768 dimensions: the noise is 1.94 times as long as the anchor",
    consequence: "outliers lie 63 degrees off their anchor, far from the boundary",
    corrected: "a length relative to the anchor (boundary.sigma: auto)",
    decides: () => ({ "boundary.sigma": 0.07 }),
  },
  r19: {
    title: "the energy ablation",
    published:
      "takes the energy of features, and sends outliers through a learned map that ends in a normalisation",
    consequence: "the map moves, the student need not",
    corrected: "the energy of class logits",
    decides: () => ({ "energy.form": "features" }),
  },
  r20: {
    title: "what weight decay acts on",
    published: "lets it act on every parameter of every group: normalisations, biases, DT and q too",
    consequence: "little",
    corrected: "the parameters that allow it; a faster group is not decayed faster",
    decides: () => ({ "student.decayOn": "all" }),
  },
  r21: {
    title: "distillation of features",
    published: "takes the divergence of softmaxes over the features, and moves both sides",
    consequence: "free of scale; both sides may agree on something flat",
    corrected: "the same by default; kd.featureForm and kd.detachTeacherBranch offer others",
    decides: () => ({ "kd.featureForm": "softmax", "kd.detachTeacherBranch": false }),
  },
  r25: {
    title: "size of the CLUB value",
    published: "sums over the feature dimensions",
    consequence: "with a fitted q and dependent pairs it outweighs cross-entropy",
    corrected: "the mean over the feature dimensions",
    decides: () => ({ "mi.reduction": "sum" }),
  },
};

/** A row by its key. */
export function rowOf(id: RowId): PublishedRow {
  return rows[id];
}

/** Rows that change no number, or name files of the authors: they are not reproduced. */
export const rowsNotReproduced: Readonly<Record<string, string>> = {
  r11: "the trainer takes CIFAR-100 for granted, its checkpoints too, so that a CIFAR-10 student starts from a backbone that was trained on CIFAR-100: a configuration names its data, and the start is the run's own",
  r14: "a second loader is built for the teacher and never read: no number depends on it",
  r22: "latents stay on the device they were saved from, and a folder bears the name of a switch that is off: no number depends on it",
  r23: "the program that makes the anchors' lengths needs outliers itself, a circle: lengths are settings here (boundary.scale)",
  r24: "file names that do not fit each other and are changed by hand: artifacts have keys here",
};
