// Examples of `oal/preprocess`: name -> code. `picture` has 2 x 3 pixels (see functions.mjs).
export const preprocess = {
  centreCrop: `centreCrop(picture, 2)`,
  cropImage: `cropImage(picture, 0, 1, 2, 2)`,
  flipImage: `flipImage(picture)`,
  normalisationOf: `normalisationOf("cifar10")`,
  normalisations: `Object.keys(normalisations)`,
  normaliseBatch: `normaliseBatch(Uint8Array.of(0, 128, 255), 1, normalisationOf("cifar10"))`,
  normaliseImages: `normaliseImages(pixels, normalisationOf("cifar10"))`,
  preprocessImage: `preprocessImage(picture, { resize: 2, crop: 2, interpolation: "bilinear" })`,
  preprocessInGraph: `preprocessInGraph(pixels, { resize: 4, crop: 2 })`,
  resizeImage: `resizeImage(picture, 1, 1)`,
  resizeShorterSide: `resizeShorterSide(picture, 4).width`,
  toPlanes: `toPlanes(picture)`,
};
