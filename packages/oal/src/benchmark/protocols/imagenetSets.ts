/** What the two ImageNet protocols of OpenOOD v1.5 have in common. */
import type { ProtocolPictures } from "../protocol.js";
import type { Row } from "./openood.js";

export const imagenetPictures: ProtocolPictures = {
  resize: 256,
  crop: 224,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

export const imagenetUnknowns: {
  readonly unknownValidation: Row;
  readonly chooses: "validation-far";
  readonly near: readonly Row[];
  readonly far: readonly Row[];
} = {
  unknownValidation: ["val_openimage_o", "images_largescale", "val_openimage_o", 1763],
  chooses: "validation-far",
  near: [
    ["ssb_hard", "images_largescale", "test_ssb_hard", 49_000],
    ["ninco", "images_largescale", "test_ninco", 5879],
  ],
  far: [
    ["inaturalist", "images_largescale", "test_inaturalist", 10_000],
    ["textures", "images_classic", "test_textures", 5160],
    ["openimage_o", "images_largescale", "test_openimage_o", 15_869],
  ],
};
