/**
 * CIFAR-10 with the near and far sets that the preset cifar10-small measures by: lists under lists/, archives under id/ and ood/. In kind
 * the benchmark of OpenOOD, in numbers not: its sets are smaller and partly other ones.
 */
import type { Protocol, ProtocolSet } from "../protocol.js";

const from = "the data folder of the preset cifar10-small (id/, ood/, lists/)";

function listed(
  role: ProtocolSet["role"],
  name: string,
  path: string,
  list: string,
  count: number,
  sha256: string,
): ProtocolSet {
  return { name, role, path, list: `lists/${list}.txt`, count, sha256, from };
}

export const cifar10Small: Protocol = {
  id: "oal/cifar10-small",
  title: "CIFAR-10 against CIFAR-100, Tiny-ImageNet, GTSRB, textures, scenes and MNIST",
  known: "cifar10",
  classes: 10,
  pictures: { resize: 32, crop: 32, mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  sets: [
    listed(
      "train",
      "train",
      "id/cifar10-train.tar.gz",
      "cifar10_train",
      50_000,
      "d6f515541072d7f0412644d2942ab4fa9d602a04c05bb1f2cd8b37f8baec7515",
    ),
    listed(
      "validation",
      "validation",
      "id/cifar10-test.tar.gz",
      "cifar10_val",
      1000,
      "22ffdc1e91cbe572c5e22c5e78457c9f39cec434d71a17bf5a6d46dba96c228f",
    ),
    listed(
      "test",
      "test",
      "id/cifar10-test.tar.gz",
      "cifar10_test",
      9000,
      "21da80e2e10acf56d2b013edb11f577d0ced3e1b89e8a090338220c017498d25",
    ),
    listed(
      "validation-near",
      "val_tin",
      "ood/tin-test.tar.gz",
      "val_tin",
      1000,
      "b8f70abb18016a866c866e1f79e0e091a7cdbddc2b4365b6c3f26c1a93462c8e",
    ),
    listed(
      "near",
      "cifar100",
      "ood/cifar100-test.tar.gz",
      "test_cifar100",
      9998,
      "285072235bb32c99b882252687d345e569267302177a1fb00f5f46eba3aea3a5",
    ),
    listed(
      "near",
      "tin",
      "ood/tin-test.tar.gz",
      "test_tin",
      6600,
      "5de95e2810a963994b71987c47ab5f5eb61a966b59bfadae9265782aac083f6f",
    ),
    listed(
      "far",
      "gtsrb",
      "ood/gtsrb-test.tar.gz",
      "test_gtsrb",
      5000,
      "aacf0b1bcc53d5353f3cc3c452945298aa5ee37d07d1fb4086e1f43af2cd81d0",
    ),
    listed(
      "far",
      "textures",
      "ood/textures.tar",
      "test_textures",
      1200,
      "eed1acc672fd88fbc492de7cccb19fee1c6dfe3750fa2354be81c6e743946051",
    ),
    listed(
      "far",
      "scenes",
      "ood/scenes.tar",
      "test_scenes",
      3045,
      "2d10e17f0809fcff1f441454c3250a91d2ee35292452b98fcb471574a74f404c",
    ),
    { name: "mnist", role: "far", path: "ood/mnist-28", split: "test", count: 10_000, from },
  ],
  notes: [
    "not OpenOOD's lists: GTSRB stands in for SVHN, textures are 10 of 47 classes, MNIST is its test part; compare rows of this protocol with each other",
  ],
};
