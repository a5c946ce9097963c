/** OpenOOD v1.5 with ImageNet-1K known. */
import { imagenetPictures, imagenetUnknowns } from "./imagenetSets.js";
import { imagenetEs, imagenetTraining, openOod } from "./openood.js";

export const imagenet = openOod({
  known: "imagenet",
  title: "OpenOOD v1.5, ImageNet-1K",
  classes: 1000,
  pictures: imagenetPictures,
  train: ["train", "images_largescale", "train_imagenet", 1_281_167, imagenetTraining],
  validation: ["validation", "images_largescale", "val_imagenet", 5000],
  test: ["test", "images_largescale", "test_imagenet", 45_000],
  ...imagenetUnknowns,
  shifted: [
    ["imagenet_v2", "images_largescale", "test_imagenet_v2", 10_000],
    ["imagenet_c", "images_largescale", "test_imagenet_c", 10_000, { asStored: true }],
    ["imagenet_r", "images_largescale", "test_imagenet_r", 30_000],
    ["imagenet_es", "images_largescale", "test_imagenet_es", null, imagenetEs],
  ],
});
