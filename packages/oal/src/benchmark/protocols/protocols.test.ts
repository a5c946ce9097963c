/** The protocols that come with oal have the sets, lists and counts that PROTOCOL section 2 counted in the published lists. */
import { expect, it } from "vitest";
import type { Protocol } from "../protocol.js";
import { protocols } from "./index.js";

/** One line of a protocol: "near cifar100: images_classic test_cifar100 9000". */
function lines({ sets }: Protocol, list: (path: string) => string): string[] {
  return sets.map(({ role, name, path, list: file, split, count, asStored }) =>
    [`${role} ${name}:`, path, file === undefined ? split : list(file), count ?? "?", asStored && "as stored"]
      .filter((word) => word !== undefined && word !== false)
      .join(" "),
  );
}

/** The unknown sets of both ImageNet protocols; `textures` lies with the images of CIFAR. */
const imagenetUnknowns = [
  "validation-far val_openimage_o: images_largescale val_openimage_o 1763",
  "near ssb_hard: images_largescale test_ssb_hard 49000",
  "near ninco: images_largescale test_ninco 5879",
  "far inaturalist: images_largescale test_inaturalist 10000",
  "far textures: images_classic test_textures 5160",
  "far openimage_o: images_largescale test_openimage_o 15869",
];

const usual: Readonly<Record<string, readonly string[]>> = {
  cifar10: [
    "train train: images_classic train_cifar10 50000",
    "validation validation: images_classic val_cifar10 1000",
    "test test: images_classic test_cifar10 9000",
    "validation-near val_tin: images_classic val_tin 1000",
    "near cifar100: images_classic test_cifar100 9000",
    "near tin: images_classic test_tin 7793",
    "far mnist: images_classic test_mnist 70000",
    "far svhn: images_classic test_svhn 26032",
    "far texture: images_classic test_texture 5640",
    "far places365: images_classic test_places365 35195",
  ],
  cifar100: [
    "train train: images_classic train_cifar100 50000",
    "validation validation: images_classic val_cifar100 1000",
    "test test: images_classic test_cifar100 9000",
    "validation-near val_tin: images_classic val_tin 972",
    "near cifar10: images_classic test_cifar10 10000",
    "near tin: images_classic test_tin 6526",
    "far mnist: images_classic test_mnist 70000",
    "far svhn: images_classic test_svhn 26032",
    "far texture: images_classic test_texture 5640",
    "far places365: images_classic test_places365 33773",
  ],
  imagenet200: [
    "train train: images_largescale train_imagenet200 ?",
    "validation validation: images_largescale val_imagenet200 1000",
    "test test: images_largescale test_imagenet200 9000",
    ...imagenetUnknowns,
  ],
  imagenet: [
    "train train: images_largescale train_imagenet 1281167",
    "validation validation: images_largescale val_imagenet 5000",
    "test test: images_largescale test_imagenet 45000",
    ...imagenetUnknowns,
  ],
};

/** What the full spectra have behind the test images. */
const shifted: Readonly<Record<string, readonly string[]>> = {
  cifar10: ["shifted cifar10c: images_classic test_cifar10c 10000"],
  imagenet200: [
    "shifted imagenet_v2: images_largescale test_imagenet200_v2 2000",
    "shifted imagenet_c: images_largescale test_imagenet200_c 2000 as stored",
    "shifted imagenet_r: images_largescale test_imagenet200_r 30000",
  ],
  imagenet: [
    "shifted imagenet_v2: images_largescale test_imagenet_v2 10000",
    "shifted imagenet_c: images_largescale test_imagenet_c 10000 as stored",
    "shifted imagenet_r: images_largescale test_imagenet_r 30000",
    "shifted imagenet_es: images_largescale test_imagenet_es ?",
  ],
};

const classes: Readonly<Record<string, number>> = {
  cifar10: 10,
  cifar100: 100,
  imagenet200: 200,
  imagenet: 1000,
};

const expected: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(Object.entries(usual).map(([known, own]) => [`openood-v1.5/${known}`, own])),
  ...Object.fromEntries(
    Object.entries(shifted).map(([known, own]) => [
      `openood-v1.5/${known}-full-spectrum`,
      (usual[known] ?? []).toSpliced(3, 0, ...own),
    ]),
  ),
  "oal/cifar10-small": [
    "train train: id/cifar10-train.tar.gz cifar10_train 50000",
    "validation validation: id/cifar10-test.tar.gz cifar10_val 1000",
    "test test: id/cifar10-test.tar.gz cifar10_test 9000",
    "validation-near val_tin: ood/tin-test.tar.gz val_tin 1000",
    "near cifar100: ood/cifar100-test.tar.gz test_cifar100 9998",
    "near tin: ood/tin-test.tar.gz test_tin 6600",
    "far gtsrb: ood/gtsrb-test.tar.gz test_gtsrb 5000",
    "far textures: ood/textures.tar test_textures 1200",
    "far scenes: ood/scenes.tar test_scenes 3045",
    "far mnist: ood/mnist-28 test 10000",
  ],
};

/** Sets of OpenOOD whose images its script does not fetch with the others, and what is said of these instead. */
const elsewhere: Readonly<Record<string, readonly [name: string, says: RegExp]>> = {
  "openood-v1.5/imagenet": ["train", /image-net\.org/],
  "openood-v1.5/imagenet200": ["train", /image-net\.org/],
  "openood-v1.5/cifar10-full-spectrum": ["cifar10c", /--dataset_mode dataset --datasets cifar10c\b/],
  "openood-v1.5/imagenet-full-spectrum": ["imagenet_es", /evaluation_api\/datasets\.py/],
};

it("says of every set of OpenOOD where it is to be had, also of those that its script leaves out", () => {
  const own = new Map<string, string>();
  for (const { id, sets } of protocols.filter((protocol) => protocol.id.startsWith("openood-"))) {
    for (const { name, path, from = "" } of sets) {
      expect(from).toContain("image list benchmark_imglist");
      expect(from).toContain("scripts/download/download.py of github.com/Jingkang50/OpenOOD");
      if (!from.startsWith(`image list benchmark_imglist, images ${path}: `)) own.set(`${id} ${name}`, from);
    }
  }
  expect([...own.keys()].toSorted()).toEqual(
    [
      ...Object.entries(elsewhere).map(([id, [name]]) => `${id} ${name}`),
      "openood-v1.5/imagenet-full-spectrum train",
      "openood-v1.5/imagenet200-full-spectrum train",
    ].toSorted(),
  );
  for (const [id, [name, says]] of Object.entries(elsewhere)) expect(own.get(`${id} ${name}`)).toMatch(says);
});

it("has an entry here for every protocol", () => {
  expect(Object.keys(expected).toSorted()).toEqual(protocols.map(({ id }) => id).toSorted());
});

it.each(protocols.map((protocol): [string, Protocol] => [protocol.id, protocol]))(
  "%s has the sets, lists and counts that were published",
  (id, protocol) => {
    const folder = id.startsWith("oal/") ? "lists" : `benchmark_imglist/${protocol.known}`;
    const listed = lines(protocol, (path) => path.replace(`${folder}/`, "").replace(/\.txt$/, ""));
    expect(listed).toEqual(expected[id]);
    expect(protocol.classes).toBe(classes[protocol.known]);
    expect(new Set(protocol.sets.map(({ name }) => name)).size).toBe(protocol.sets.length);
  },
);
