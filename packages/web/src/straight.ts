/** The pixels of partly transparent pictures as they are stored: WebGL reads them without alpha multiplied in, which no canvas does. */

/** Pixels as they are stored: no colour management, no alpha multiplied in. */
export const asStored = { premultiplyAlpha: "none", colorSpaceConversion: "none" } as const;
/** Rows of a texture; every WebGL 2 has sides of 2048. */
const textureRows = 256;

/**
 * Hands out the RGBA of a bitmap in strips of whole rows.
 *
 * @param take strip, and the number of its first row
 */
export async function straightPixels(
  bitmap: ImageBitmap,
  take: (rgba: Uint8Array, row: number) => void,
): Promise<void> {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl) throw new Error("it is partly transparent, and this browser has no WebGL");
  const { width, height } = bitmap;
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  for (let y = 0; y < height; y += textureRows) {
    const rows = Math.min(textureRows, height - y);
    const strip = await createImageBitmap(bitmap, 0, y, width, rows, asStored);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, strip);
    strip.close();
    const { FRAMEBUFFER, COLOR_ATTACHMENT0, TEXTURE_2D } = gl;
    gl.framebufferTexture2D(
      FRAMEBUFFER,
      COLOR_ATTACHMENT0,
      TEXTURE_2D,
      gl.getParameter(gl.TEXTURE_BINDING_2D),
      0,
    );
    const rgba = new Uint8Array(4 * width * rows);
    gl.readPixels(0, 0, width, rows, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
    const error = gl.getError();
    if (error !== gl.NO_ERROR) throw new Error(`WebGL error ${error}`);
    take(rgba, y);
  }
  gl.getExtension("WEBGL_lose_context")?.loseContext();
}
