/** OpenOOD v1.5 with CIFAR-100 known. It has no full spectrum: OpenOOD publishes no list of shifted images for it. */
import { openOod } from "./openood.js";

export const cifar100 = openOod({
  known: "cifar100",
  title: "OpenOOD v1.5, CIFAR-100",
  classes: 100,
  pictures: { resize: 32, crop: 32, mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] },
  train: ["train", "images_classic", "train_cifar100", 50_000],
  validation: ["validation", "images_classic", "val_cifar100", 1000],
  test: ["test", "images_classic", "test_cifar100", 9000],
  unknownValidation: ["val_tin", "images_classic", "val_tin", 972],
  chooses: "validation-near",
  near: [
    ["cifar10", "images_classic", "test_cifar10", 10_000],
    ["tin", "images_classic", "test_tin", 6526],
  ],
  far: [
    ["mnist", "images_classic", "test_mnist", 70_000],
    ["svhn", "images_classic", "test_svhn", 26_032],
    ["texture", "images_classic", "test_texture", 5640],
    ["places365", "images_classic", "test_places365", 33_773],
  ],
  shifted: [],
}).usual;
