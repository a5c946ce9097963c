// node score.mjs model.onnx picture.jpg ...
// Known or unknown, and what it is: the model is opened once, pictures are decoded while others are computed.
import { keptAt, openModel } from "oal";

const [path, ...pictures] = process.argv.slice(2);
if (!pictures.length) process.exit((console.error("usage: node score.mjs model.onnx picture.jpg ..."), 2));
const model = await openModel(path);
const faults = await model.selfTest();
if (faults?.length) throw new Error(`this machine computes something else: ${faults.join("; ")}`);

for await (const { id, known, ask, label, confidence, pValue, error } of model.stream(pictures)) {
  const share = `${(100 * confidence).toFixed(1)} %`;
  const look = ask ? " (known, but have a person look)" : "";
  const strict = keptAt(pValue ?? 1, 0.8) ? "" : " (unknown, if only 80 of 100 known pictures shall pass)";
  const said = known ? `${label}, ${share}${look}${strict}` : "unknown";
  console.log(error ? error.message : `${id}: ${said}, p value ${pValue.toFixed(3)}`);
}
await model.release();
