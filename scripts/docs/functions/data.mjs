// Examples of `oal/data`: name -> code.
export const data = {
  readers: `readers.has("imageFolder")`,
};
