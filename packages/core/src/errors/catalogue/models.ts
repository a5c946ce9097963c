/** Errors of models of others (OAL-I146 to I159): files that are no classifier of pictures, or not one that fits. */
import { entry } from "../entry.js";

/** The name of the file, once it is known. */
export interface InFile {
  readonly path?: string;
}

const where = ({ path }: InFile): string => path ?? "the model";
const asked =
  "name the values yourself with --images, --logits and --features (a viewer such as Netron shows their names)";

export const modelErrors = {
  "OAL-I146": entry<InFile & { what: string }>({
    title: "no classifier of pictures",
    exit: 7,
    message: (details) => `${where(details)} is no classifier of pictures: ${details.what}`,
    remedy: `give an ONNX classifier; where this is one, ${asked}`,
  }),
  "OAL-I147": entry<
    InFile & { name: string; what: string; near: string | undefined; known: readonly string[] }
  >({
    title: "a model has no such value",
    exit: 2,
    message: ({ name, what, near, known, ...file }) =>
      `${where(file)} has no ${what} "${name}"${near === undefined ? `; there are ${known.slice(0, 8).join(", ") || "none"}` : `, did you mean "${near}"?`}`,
    remedy:
      "take a name that the file has: of an input, an output, or an inner value (a viewer such as Netron shows them)",
  }),
  "OAL-I148": entry<InFile & { problem: string }>({
    title: "another number of classes",
    exit: 7,
    message: (details) => `${where(details)}: ${details.problem}`,
    remedy:
      "give the list of class names that belongs to the model: one name a line, in the order of its outputs",
  }),
  "OAL-I149": entry<InFile & { input: string; problem: string }>({
    title: "a model takes pictures otherwise",
    exit: 7,
    message: (details) => `${where(details)}: its input ${details.input} ${details.problem}`,
    remedy:
      "export the model with one input of RGB pictures, [batch, 3, height, width] or [batch, height, width, 3]",
  }),
  "OAL-I150": entry<InFile & { problem: string }>({
    title: "pictures of a size that a model does not take",
    exit: 7,
    message: (details) => `${where(details)}: ${details.problem}`,
    remedy: "give the size that the model takes with --size PIXELS, or leave the option out",
  }),
  "OAL-I153": entry<InFile & { count: number; node: string }>({
    title: "a model for a fixed number of pictures",
    exit: 7,
    message: (details) =>
      `${where(details)} takes ${details.count === 1 ? "one picture" : `${details.count} pictures`} at a time, and cannot be made to take any number: ${details.node}`,
    remedy:
      "export the model with an open batch axis (PyTorch: dynamic_axes or dynamic_shapes; tf2onnx: --inputs NAME:0[-1,H,W,3])",
  }),
  "OAL-I151": entry<{ path: string; format: string; how: string }>({
    title: "a model in another format",
    exit: 7,
    message: ({ path, format, how }) => `${path} is ${format}; oal takes ONNX files: ${how}`,
    remedy: "give the model as an ONNX file",
  }),
  "OAL-I154": entry<{ path: string; problem: string }>({
    title: "a file beside a model is not as it should be",
    exit: 7,
    message: ({ path, problem }) => `${path}, beside the model, cannot be used: ${problem}`,
    remedy: "mend or remove that file",
  }),
  "OAL-I152": entry<{ path: string; what: string; difference: number; allowed: number }>({
    title: "a model was not understood as it computes",
    exit: 7,
    message: ({ path, what, difference, allowed }) =>
      `${path}: ${what} differ by ${difference.toPrecision(3)}, more than ${allowed.toPrecision(3)}`,
    remedy: `${asked}; if that does not help, report it with the file or the program that made it`,
  }),
  "OAL-I155": entry<{ path: string; wanted: readonly string[] }>({
    title: "a folder without a model",
    exit: 7,
    message: ({ path, wanted }) =>
      `${path} is a folder without a model: there is no ${wanted.join(", no ")} in it`,
    remedy: "give the model file itself, a hub model's folder, or a run folder",
  }),
};
