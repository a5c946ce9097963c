/** How a model's pictures are resized and cut, in words. */
import type { ResizeRule } from "oal-core";

/** "shorter side to 256 pixels", or "squeezed to 224 x 224 pixels". */
export function resizeWords(resize: ResizeRule): string {
  return typeof resize === "object"
    ? `squeezed to ${resize.join(" x ")} pixels`
    : `shorter side to ${resize} pixels`;
}

/** The same, and the square that is kept: "shorter side to 256 pixels, centre of 224 x 224". */
export function cutWords({ resize, crop }: { readonly resize: ResizeRule; readonly crop: number }): string {
  const isWhole = typeof resize === "object" && resize.every((side) => side === crop);
  return isWhole ? resizeWords(resize) : `${resizeWords(resize)}, centre of ${crop} x ${crop}`;
}
