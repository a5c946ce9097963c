/** Limits that keep one file from filling the memory. */

/** Pixels beyond which Pillow refuses a picture as a bomb: twice what 256 MiB of RGB hold. */
export const defaultMaxPixels = 178_956_970;
