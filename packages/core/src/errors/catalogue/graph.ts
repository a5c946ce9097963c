/** Family G: graphs, shapes and element types (exit status 4). */
import { entry } from "../entry.js";

export const graphErrors = {
  "OAL-G101": entry<{ operator: string; path: string; problem: string }>({
    title: "operator inputs do not fit",
    exit: 4,
    message: ({ operator, path, problem }) => `${operator} at ${path || "top level"}: ${problem}`,
    remedy: "compare the shapes and element types at the named place of the graph",
  }),
  "OAL-G102": entry<{ node: string; path: string; problem: string }>({
    title: "graph is malformed",
    exit: 4,
    message: ({ node, path, problem }) => `${node} at ${path || "top level"}: ${problem}`,
    remedy: "the pass or builder that made this node is at fault; print the graph to see its neighbours",
  }),
  "OAL-G103": entry<{ operator: string; path: string }>({
    title: "operator has no gradient",
    exit: 4,
    message: ({ operator, path }) =>
      `${operator} at ${path || "top level"} has no gradient but lies between the loss and a parameter`,
    remedy: "stop the gradient in front of it, or use a differentiable operator",
  }),
  "OAL-G110": entry<{ name: string; problem: string }>({
    title: "a name of a graph cannot be used",
    exit: 4,
    message: ({ name, problem }) => `the graph name "${name}" ${problem}`,
    remedy: "choose another name: inputs, outputs, constants and computed values share one set of names",
  }),
  "OAL-G111": entry<{ operator: string }>({
    title: "operator has no plain reference",
    exit: 4,
    message: ({ operator }) => `${operator} cannot be computed without an engine: it has no plain reference`,
    remedy: "compile the graph and run it in an engine, or give the operator a reference",
  }),
  "OAL-G114": entry<{ value: string; size: string }>({
    title: "the size of an axis is open",
    exit: 4,
    message: ({ value, size }) =>
      `an axis of ${value} has the open size "${size}", and a number is needed to build what comes next`,
    remedy: "declare the input with a number for this axis, or build only what works for every size of it",
  }),
  "OAL-G115": entry<{ value: string; operator: string }>({
    title: "the type of a value is not known",
    exit: 4,
    message: ({ value, operator }) =>
      `the element type and axes of ${value} are not known: its ${operator} is a node that oal does not understand`,
    remedy:
      "give the type when the model is read, or export the model with the types of its values (shape inference)",
  }),
  "OAL-G116": entry<{ node: string; operator: string; opset: number; written: number }>({
    title: "a node cannot be kept at another opset",
    exit: 4,
    message: ({ node, operator, opset, written }) =>
      `${node} is a ${operator} of opset ${opset}, and is not known to mean the same at opset ${written}, at which the file is written`,
    remedy: "export the foreign model at a newer opset, or at the opset of the other parts",
  }),
  "OAL-G117": entry<{ bytes: number }>({
    title: "a model is too large for one file",
    exit: 4,
    message: ({ bytes }) => `the model is ${bytes} bytes long; one ONNX file holds less than 2 GiB`,
    remedy: "keep the weights in a file beside the model",
  }),
  "OAL-G112": entry<{ where: string; problem: string }>({
    title: "bytes are no readable ONNX model",
    exit: 3,
    message: ({ where, problem }) => `no readable ONNX model: ${where} ${problem}`,
    remedy: "the file is damaged, cut short or no ONNX model; export or copy it again",
  }),
  "OAL-G113": entry<{ where: string; problem: string }>({
    title: "an ONNX model uses what oal does not hold",
    exit: 3,
    message: ({ where, problem }) => `${where} ${problem}`,
    remedy: "export the model without it, as float32 where it is an element type",
  }),
  "OAL-G118": entry<{ where: string; nodes: string }>({
    title: "an ONNX model has nodes that no engine knows",
    exit: 3,
    message: ({ where, nodes }) => `${where} cannot be run: nothing here knows ${nodes}`,
    remedy:
      "export the model without custom operators (many exporters have a switch for it), or with them as functions of the file",
  }),
  "OAL-G119": entry<{ where: string; opset: number; oldest: number; newest: number }>({
    title: "an ONNX model is of an opset that is too old or too new",
    exit: 3,
    message: ({ where, opset, oldest, newest }) =>
      `${where} is of opset ${opset}; opsets ${oldest} to ${newest} are read`,
    remedy:
      "export the model at an opset between these, or convert it with the version converter of the package onnx",
  }),
  "OAL-G120": entry<{ where: string; what: string }>({
    title: "a file is something else than an ONNX model",
    exit: 3,
    message: ({ where, what }) => `${where} is ${what}, no ONNX model`,
    remedy: "give the path of the .onnx file; export the model to ONNX where there is none",
  }),
  "OAL-G122": entry<{ value: string; type: string; bytes: number }>({
    title: "a value of an ONNX model is larger than any memory",
    exit: 3,
    message: ({ value, type, bytes }) =>
      `the value "${value}" of the model would be ${type}, ${bytes.toPrecision(3)} bytes: no memory holds it`,
    remedy: "the file is damaged or made to do harm; export the model again from its source",
  }),
  "OAL-G121": entry<{ where: string }>({
    title: "a file is a pointer of Git LFS",
    exit: 3,
    message: ({ where }) => `${where} is a pointer of Git LFS to the model, not the model itself`,
    remedy: "fetch the model where the repository was cloned: run git lfs pull",
  }),
};
