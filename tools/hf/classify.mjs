// Loads a folder of `oal export --format hf` with transformers.js, as it is, and compares it with the bundle that it was made of.
//   cd tools/hf && npm ci --ignore-scripts
//   node classify.mjs HF_FOLDER MODEL.onnx PICTURES...        (files or folders; dtype by --dtype fp32|fp16|q8)
// Prints for how many pictures both name the same class, the largest difference of the probability of that class, and, from the model
// itself, for how many both say known or unknown alike.
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { AutoModel, AutoProcessor, env, pipeline, RawImage } from "@huggingface/transformers";
import { openModel } from "../../packages/oal/dist/index.js";

const words = process.argv.slice(2);
const at = words.indexOf("--dtype");
const [, dtype = "fp32"] = at < 0 ? [] : words.splice(at, 2);
const [folder, model, ...paths] = words;
if (folder === undefined || model === undefined || paths.length === 0) {
  console.error("node classify.mjs HF_FOLDER MODEL.onnx PICTURES... [--dtype fp32|fp16|q8]");
  process.exit(2);
}
env.allowRemoteModels = false;
env.localModelPath = dirname(resolve(folder));
const name = basename(resolve(folder));
const pictures = paths.flatMap((path) =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true })
        .map((file) => join(path, file))
        .filter((file) => /\.(jpe?g|png|webp)$/i.test(file))
        .sort()
    : [path],
);

const classify = await pipeline("image-classification", name, { dtype });
const whole = await AutoModel.from_pretrained(name, { dtype });
const processor = await AutoProcessor.from_pretrained(name);
const scorer = await openModel(model);
let [labels, decisions, largest] = [0, 0, 0];
for (const picture of pictures) {
  const [best] = await classify(picture);
  const own = await scorer.score(picture);
  if (own.error) throw own.error;
  const { known } = await whole(await processor(await RawImage.read(picture)));
  if (best.label === own.label) labels++;
  if (Boolean(known.data[0]) === own.known) decisions++;
  const same = best.label === own.label ? Math.abs(best.score - own.confidence) : 0;
  largest = Math.max(largest, same);
}
await scorer.release();
console.log(
  `${pictures.length} pictures (${dtype}): the same class for ${labels}, probability at most ${largest.toFixed(4)} apart, the same decision for ${decisions}`,
);
