/** The layout that the protocols of OpenOOD v1.5 share: lists under benchmark_imglist, images under images_classic and images_largescale. */
import type { Protocol, ProtocolPictures, ProtocolSet, SetRole } from "../protocol.js";

/** What OpenOOD's script fetches when it is asked for these sets. */
const download = (what: string, datasets = "--datasets ood_v1.5"): string =>
  `${what}: scripts/download/download.py of github.com/Jingkang50/OpenOOD (--contents datasets ${datasets})`;

/**
 * Where a set is to be had whose images that script does not fetch with the others.
 *
 * @param images in words, which they are and where they come from
 */
const elsewhere = (images: string): Partial<ProtocolSet> => ({
  from: `${download("image list benchmark_imglist")}; images ${images}`,
});

/** The training images of ImageNet, which OpenOOD leaves to their own site. The script takes a folder that holds anything for fetched. */
export const imagenetTraining = elsewhere(
  "images_largescale/imagenet_1k/train: the training images of ILSVRC2012 from image-net.org, put there after the script, which does not fetch them",
);

/** CIFAR-10-C, which the script has in its group `misc`. */
export const cifar10Corrupted = elsewhere(
  download("images_classic/cifar10c", "--dataset_mode dataset --datasets cifar10c"),
);

/** ImageNet-ES, which came to OpenOOD in July 2024: to the lists and the evaluator, not to the script. */
export const imagenetEs = elsewhere(
  "images_largescale/imagenet_es: OpenOOD's evaluator (openood/evaluation_api/datasets.py), for the script does not have them",
);

/** The folder of a set's images below the root. */
type Images = "images_classic" | "images_largescale";

/** One line of a protocol: name, images, list and count; null where the count is not published. */
export type Row = readonly [
  name: string,
  images: Images,
  list: string,
  count: number | null,
  more?: Partial<ProtocolSet>,
];

/** What a protocol of OpenOOD says of itself. */
export interface OpenOodProtocol {
  /** The known set: "cifar10". */
  readonly known: string;
  readonly title: string;
  readonly classes: number;
  readonly pictures: ProtocolPictures;
  readonly train: Row;
  readonly validation: Row;
  readonly test: Row;
  readonly unknownValidation: Row;
  /** Group of the unknown validation images: the one whose test set has the same kind. */
  readonly chooses: "validation-near" | "validation-far";
  readonly near: readonly Row[];
  readonly far: readonly Row[];
  /** Known classes under other conditions, for the full spectrum. */
  readonly shifted: readonly Row[];
}

/**
 * The protocols of one known set: the usual one, and the full spectrum.
 *
 * @source PROTOCOL section 2, counted in the published image lists of v1.5
 */
export function openOod(definition: OpenOodProtocol): {
  readonly usual: Protocol;
  readonly fullSpectrum: Protocol;
} {
  const { known, title, classes, pictures, train, validation, test, chooses } = definition;
  const { unknownValidation, near, far, shifted } = definition;
  const set = (role: SetRole, [name, images, list, count, more]: Row): ProtocolSet => ({
    name,
    role,
    path: images,
    list: `benchmark_imglist/${known}/${list}.txt`,
    ...(count === null ? {} : { count }),
    from: download(`image list benchmark_imglist, images ${images}`),
    ...more,
  });
  const sets = [
    set("train", train),
    set("validation", validation),
    set("test", test),
    set(chooses, unknownValidation),
    ...near.map((row) => set("near", row)),
    ...far.map((row) => set("far", row)),
  ];
  const id = `openood-v1.5/${known}`;
  const notes = [
    "OpenOOD v1.5: detectors are fitted on plain training images in list order; FPR@95 has unknown images positive",
  ];
  return {
    usual: { id, title, known, classes, pictures, sets, notes },
    fullSpectrum: {
      id: `${id}-full-spectrum`,
      title: `${title}, full spectrum`,
      known,
      classes,
      pictures,
      sets: [...sets.slice(0, 3), ...shifted.map((row) => set("shifted", row)), ...sets.slice(3)],
      notes: [
        ...notes,
        "full spectrum: the shifted sets count as known, so the accuracy is that of test and shifted images together",
      ],
    },
  };
}
