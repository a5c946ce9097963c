/** Which files of a whole diffusion pipeline are fetched: the ONNX models of its parts with their weights, tokenizer and scheduler. */

/** The parts that make outliers: their folders, and whether every pipeline has them. */
const parts = [
  { folder: "text_encoder", isNeeded: true },
  { folder: "unet", isNeeded: true },
  { folder: "vae_decoder", isNeeded: true },
  { folder: "vae_encoder", isNeeded: false },
] as const;
/** Folders of small files, all of which come along. */
const settings = ["tokenizer", "scheduler"];
/** What such pipelines are told by. */
const pipelineFile = "model_index.json";

/** What a pipeline's files are, or why there is none that can be fetched. */
export type PipelineChoice = { readonly files: readonly string[] } | { readonly problem: string };

/**
 * Looks for a pipeline among the files of a model: of the folders that have `unet/model.onnx` the first one.
 *
 * @returns null where there is no pipeline; a problem as a sentence's end where its parts are not there or are none that oal opens
 */
export function choosePipeline(paths: readonly string[]): PipelineChoice | null {
  const base = baseOf(paths);
  if (base === null) return null;
  const inside = (folder: string): string[] => paths.filter((path) => path.startsWith(`${base}${folder}/`));
  if (inside("text_encoder_2").length > 0 || inside("transformer").length > 0)
    return {
      problem: "it is a diffusion pipeline with two text encoders or a transformer, which oal does not open",
    };
  const missing = parts.filter(({ folder, isNeeded }) => isNeeded && !paths.includes(modelOf(base, folder)));
  if (missing.length > 0) {
    const names = missing.map(({ folder }) => modelOf(base, folder)).join(", ");
    return {
      problem: `it is a diffusion pipeline without ${names}: export it to ONNX first (optimum-cli export onnx)`,
    };
  }
  const wanted = new Set([
    `${base}${pipelineFile}`,
    ...settings.flatMap(inside),
    ...parts.flatMap(({ folder }) => {
      const model = modelOf(base, folder);
      return [model, `${base}${folder}/config.json`, ...paths.filter((path) => holdsWeightsOf(model, path))];
    }),
  ]);
  return { files: paths.filter((path) => wanted.has(path)) };
}

const modelOf = (base: string, folder: string): string => `${base}${folder}/model.onnx`;

/** The folder of the pipeline, "" or with a slash at its end; null where nothing looks like one. */
function baseOf(paths: readonly string[]): string | null {
  const ends = ["unet/model.onnx", pipelineFile];
  for (const end of ends) {
    const found = paths.filter((path) => path === end || path.endsWith(`/${end}`));
    const [first] = found.toSorted((a, b) => a.length - b.length);
    if (first !== undefined) return first.slice(0, -end.length);
  }
  return null;
}

/** Whether a file has the name that exporters give to the weights beside an ONNX file: model.onnx_data, model.onnx.data, model.data, model.bin. */
export function holdsWeightsOf(model: string, path: string): boolean {
  if (!model.endsWith(".onnx") || path === model) return false;
  const rest = path.startsWith(model) ? path.slice(model.length) : undefined;
  if (rest !== undefined) return /^[._]data(?:[._-]?\d+)?$/.test(rest);
  return (
    [".data", ".onnx_data", ".bin", ".weights"].some((end) => path === model.replace(/\.onnx$/, end)) ||
    isWeightsPb(model, path)
  );
}

/** Optimum's older exports and Olive's call the weights weights.pb, in the folder of the model. */
function isWeightsPb(model: string, path: string): boolean {
  return path === model.replace(/[^/]*$/, "weights.pb");
}
