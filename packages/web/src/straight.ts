/** The pixels of partly transparent pictures as they are stored: WebGL reads them without alpha multiplied in, which no canvas does. */

/** Pixels as they are stored: no colour management, no alpha multiplied in. */
export const asStored = { premultiplyAlpha: "none", colorSpaceConversion: "none" } as const;
/** Sides of a texture; every WebGL 2 has at least these. */
const tile = 2048;

/** One for all pictures: browsers keep few. Nothing is awaited between a tile's way in and out, so that pictures do not meet in it. */
let shared: WebGL2RenderingContext | null = null;

function context(): WebGL2RenderingContext {
  if (shared && !shared.isContextLost()) return shared;
  const gl = (shared = new OffscreenCanvas(1, 1).getContext("webgl2"));
  if (!gl) throw new Error("transparent, and no WebGL");
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  return gl;
}

/**
 * Hands out the RGBA of a bitmap in tiles.
 *
 * @param take a row of a tile, the column where it begins, and its row
 */
export async function straightPixels(
  bitmap: ImageBitmap,
  take: (rgba: Uint8Array, column: number, row: number) => void,
): Promise<void> {
  for (let y = 0; y < bitmap.height; y += tile)
    for (let x = 0; x < bitmap.width; x += tile) {
      const [width, height] = [Math.min(tile, bitmap.width - x), Math.min(tile, bitmap.height - y)];
      const part = await createImageBitmap(bitmap, x, y, width, height, asStored);
      const gl = context();
      const { RGBA, UNSIGNED_BYTE } = gl;
      gl.texImage2D(gl.TEXTURE_2D, 0, RGBA, RGBA, UNSIGNED_BYTE, part);
      part.close();
      const rgba = new Uint8Array(4 * width * height);
      gl.readPixels(0, 0, width, height, RGBA, UNSIGNED_BYTE, rgba);
      const error = gl.getError();
      if (error) throw new Error(`WebGL error ${error}`);
      for (let row = 0; row < height; row++)
        take(rgba.subarray(4 * width * row, 4 * width * (row + 1)), x, y + row);
    }
}
