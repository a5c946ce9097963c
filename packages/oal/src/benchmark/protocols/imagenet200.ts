/** OpenOOD v1.5 with ImageNet-200 known: the 200 classes of ImageNet-R. */
import { imagenetPictures, imagenetUnknowns } from "./imagenetSets.js";
import { imagenetTraining, openOod } from "./openood.js";

export const imagenet200 = openOod({
  known: "imagenet200",
  title: "OpenOOD v1.5, ImageNet-200",
  classes: 200,
  pictures: imagenetPictures,
  train: ["train", "images_largescale", "train_imagenet200", null, imagenetTraining],
  validation: ["validation", "images_largescale", "val_imagenet200", 1000],
  test: ["test", "images_largescale", "test_imagenet200", 9000],
  ...imagenetUnknowns,
  shifted: [
    ["imagenet_v2", "images_largescale", "test_imagenet200_v2", 2000],
    ["imagenet_c", "images_largescale", "test_imagenet200_c", 2000, { asStored: true }],
    ["imagenet_r", "images_largescale", "test_imagenet200_r", 30_000],
  ],
});
