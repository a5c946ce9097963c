/** sharp, loaded when a picture needs it: it is a tenth of the time of a command that needs none. */
let loaded: Promise<(typeof import("sharp"))["default"]> | undefined;

/** The library, with its cache off: pictures are decoded once. */
export function loadSharp(): Promise<(typeof import("sharp"))["default"]> {
  loaded ??= import("sharp").then(({ default: sharp }) => {
    sharp.cache(false);
    return sharp;
  });
  return loaded;
}
