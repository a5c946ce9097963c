// The worker: opens the model, tests it, and answers one picture after the other while the page stays free.
import * as ort from "./ort.wasm.min.mjs";
import { openModel } from "./oal-web.js";

const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
const opening = openModel("model.onnx", {
  ort,
  top: 1,
  onProgress: (loaded, total) =>
    postMessage({ state: `Opening the model: ${megabytes(loaded)} of ${total ? megabytes(total) : "?"} MB` }),
});

self.onmessage = async ({ data: { id, picture, name } }) => {
  let result;
  try {
    result = await (await opening).score(picture, name);
  } catch (error) {
    result = { error };
  }
  picture.close?.();
  const { error } = result;
  postMessage({ id, result: error ? { id: name, error: { message: error.message } } : result });
};

try {
  const model = await opening;
  const { name, classNames, detectors } = model.facts;
  const { target } = detectors.find(({ id }) => id === model.detector).decision;
  const faults = await model.selfTest();
  postMessage({ opened: { name, classes: classNames.length, target, faults, verified: model.verified } });
} catch (error) {
  postMessage({ state: `The model cannot be opened: ${error.message}`, bad: true });
}
