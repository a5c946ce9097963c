// Runs a model file on pictures, one at a time: in Node and, served as it is, in a browser.

/**
 * @param {any} ort an engine
 * @param {Uint8Array} model the file's bytes
 * @param {Uint8Array} pixels all pictures, one behind the other, as the graph takes them
 * @param {readonly number[]} shape of one picture
 * @param {readonly string[]} names of outputs with one number for a picture
 * @returns {Promise<Record<string, number[]>>} each output, picture by picture
 */
export async function ask(ort, model, pixels, shape, names) {
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3 });
  const size = shape.reduce((product, side) => product * side, 1);
  /** @type {Record<string, number[]>} */
  const found = Object.fromEntries(names.map((name) => [name, []]));
  for (let at = 0; at < pixels.length; at += size) {
    const images = new ort.Tensor("uint8", pixels.slice(at, at + size), [1, ...shape]);
    const outputs = await session.run({ images }, [...names]);
    for (const name of names) found[name]?.push(Number(outputs[name].data[0]));
  }
  await session.release();
  return found;
}
