/** OpenOOD v1.5 with CIFAR-10 known. */
import { cifar10Corrupted, openOod } from "./openood.js";

export const cifar10 = openOod({
  known: "cifar10",
  title: "OpenOOD v1.5, CIFAR-10",
  classes: 10,
  pictures: { resize: 32, crop: 32, mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  train: ["train", "images_classic", "train_cifar10", 50_000],
  validation: ["validation", "images_classic", "val_cifar10", 1000],
  test: ["test", "images_classic", "test_cifar10", 9000],
  unknownValidation: ["val_tin", "images_classic", "val_tin", 1000],
  chooses: "validation-near",
  near: [
    ["cifar100", "images_classic", "test_cifar100", 9000],
    ["tin", "images_classic", "test_tin", 7793],
  ],
  far: [
    ["mnist", "images_classic", "test_mnist", 70_000],
    ["svhn", "images_classic", "test_svhn", 26_032],
    ["texture", "images_classic", "test_texture", 5640],
    ["places365", "images_classic", "test_places365", 35_195],
  ],
  shifted: [["cifar10c", "images_classic", "test_cifar10c", 10_000, cifar10Corrupted]],
});
