/** The metadata of a model in memory, without its graph being read. */
import { expectArguments, kinds } from "../../errors/index.js";
import { Message } from "./protobufReader.js";

/**
 * The key-value pairs of an ONNX model; the last of equal keys counts.
 *
 * @param bytes of the file
 * @throws OAL-G112 when they are no protobuf message
 * @cost next to nothing: the graph is passed over
 */
export function modelMetadata(bytes: Uint8Array): Map<string, string> {
  expectArguments("modelMetadata", { bytes: [bytes, kinds.bytes] });
  const entries = new Message(bytes, "the model").messages(14, "the metadata");
  return new Map(entries.map((entry) => [entry.text(1), entry.text(2)]));
}
