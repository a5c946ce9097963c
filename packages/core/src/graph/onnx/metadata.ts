/** The metadata of a model in memory. Its graph is passed over; a page that reads nothing else of a model is small for it. */
import { expectArguments, kinds, oalError } from "../../errors/index.js";

/** The fields of a message that are no varints: their numbers and bytes. */
function* fieldsOf(bytes: Uint8Array): Generator<readonly [field: number, content: Uint8Array]> {
  let at = 0;
  const fail = (): never => {
    throw oalError("OAL-G112", { where: "the model", problem: "is no protobuf message" });
  };
  const varint = (): number => {
    let value = 0;
    // of 64 bits, seven a byte
    for (let factor = 1; factor < 2 ** 70; factor *= 128) {
      const byte = bytes[at++] ?? fail();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    return fail();
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key % 8;
    const number = wire === 0 || wire === 2 ? varint() : wire === 1 ? 8 : wire === 5 ? 4 : fail();
    if (wire === 0) continue;
    const end = at + number;
    if (end > bytes.length) fail();
    yield [Math.floor(key / 8), bytes.subarray(at, end)];
    at = end;
  }
}

/**
 * The key-value pairs of an ONNX model; the last of equal keys counts.
 *
 * @param bytes of the file
 * @throws OAL-G112 when they are no protobuf message
 * @cost next to nothing: the graph is passed over
 */
export function modelMetadata(bytes: Uint8Array): Map<string, string> {
  expectArguments("modelMetadata", { bytes: [bytes, kinds.bytes] });
  const found = new Map<string, string>();
  for (const [field, entry] of fieldsOf(bytes)) {
    if (field !== 14) continue;
    const texts = ["", ""];
    for (const [place, text] of fieldsOf(entry)) texts[place - 1] = new TextDecoder().decode(text);
    found.set(texts[0] ?? "", texts[1] ?? "");
  }
  return found;
}
