/** Family R: sessions and devices (exit status 4). */
import { entry } from "../entry.js";

export const runtimeErrors = {
  "OAL-R101": entry<{ problem: string }>({
    title: "the engine refused a model",
    exit: 4,
    message: ({ problem }) => `ONNX Runtime could not prepare the model: ${problem}`,
    remedy: "check that the file is a complete ONNX model; ONNX Runtime 1.30 runs opsets 9 to 26",
  }),
  "OAL-R110": entry<{ needed: string; most: string; lower: string; limit: string; source: string }>({
    title: "not enough memory",
    exit: 4,
    message: ({ needed, most, lower, limit, source }) =>
      `the run needs about ${needed} of memory for ${most}, and ${source} is ${limit}; less is needed with a lower ${lower}`,
    remedy: "lower what is named, or try all the same with --force",
  }),
  "OAL-R102": entry<{ input: string; problem: string }>({
    title: "a model was fed wrongly",
    exit: 4,
    message: ({ input, problem }) => `input "${input}": ${problem}`,
    remedy: "feed every input with the shape and element type the model declares",
  }),
  "OAL-R113": entry<{ problems: readonly string[] }>({
    title: "this machine cannot be used as it is",
    exit: 4,
    message: ({ problems }) => `oal cannot be used here as it is: ${problems.join("; ")}`,
    remedy: "mend what is named; oal doctor tells when all is well",
  }),
  "OAL-R112": entry<{ problem: string }>({
    title: "WebGPU cannot be used",
    exit: 4,
    message: ({ problem }) => `WebGPU cannot be used here: ${problem}`,
    remedy:
      "oal doctor tells what is missing: on Linux the Vulkan loader (apt-get install libvulkan1) and a driver with its manifest, which VK_ICD_FILENAMES may name (NVIDIA without a display: a manifest of your own that names libEGL_nvidia.so.0); or compute with --device cpu",
  }),
  "OAL-R111": entry<{ name: string; problem: string }>({
    title: "a step's state does not fit it",
    exit: 4,
    message: ({ name, problem }) => `state tensor "${name}": ${problem}`,
    remedy: "load and read what the step was declared to carry",
  }),
};
