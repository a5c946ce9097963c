/** What a model is called, and what is made of it. */
import { expect, it } from "vitest";
import { fitName } from "./modelName.js";

it.each([
  ["/a/net.onnx", "net"],
  ["/a/net.safetensors", "net"],
  ["/a/net/model.onnx", "net"],
  ["/a/net/onnx/model.onnx", "net"],
  ["/a/net/model.safetensors", "net"],
  ["/a/net.v2", "net.v2"],
  ["hf:owner/net", "net"],
  ["hf:net@refs/pr/1", "net"],
  ["hf:owner/net@v1", "net"],
  ["/hub/models--owner--net/snapshots/0123/onnx/model_int8.onnx", "net"],
])("%s makes %s", (path, name) => {
  expect(fitName(path)).toBe(name);
});
