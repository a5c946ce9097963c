/** How many pictures go through a network at once, so that the memory of a pass does not grow with the picture. */

/** Side of the pictures that batch sizes of passes are meant for. */
const referenceSide = 32;
/** Side up to which a training step of the auto-encoder takes the batch it was asked for. */
const trainedSide = 64;

/**
 * Rows of a pass without training: `batch` pictures of 32 pixels a side, fewer of larger ones, so that they have as many pixels.
 *
 * @param batch  rows asked for
 * @param side  height and width of the pictures, in pixels
 * @returns `batch` for pictures up to 32 pixels, else at least 1
 */
export function passRows(batch: number, side: number): number {
  return scaled(batch, side, referenceSide, 1);
}

/**
 * Rows of a training step of the auto-encoder: `batch` up to 64 pixels a side, fewer of larger pictures (every one of them gives the
 * convolutions as many examples more), but 4 where 4 were asked for.
 *
 * @param batch  rows asked for
 * @param side  height and width of the pictures, in pixels
 */
export function autoEncoderRows(batch: number, side: number): number {
  return scaled(batch, side, trainedSide, 4);
}

function scaled(batch: number, side: number, reference: number, least: number): number {
  const share = Math.min(1, (reference / side) ** 2);
  return Math.max(Math.min(batch, least), Math.floor(batch * share));
}
