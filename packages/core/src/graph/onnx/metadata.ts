/** The metadata of a model in memory. Its graph is passed over; a page that reads nothing else of a model is small for it. */
import { expectArguments, kinds, oalError } from "../../errors/index.js";

/** The fields of a message that are no varints: their numbers and bytes. */
function* fieldsOf(bytes: Uint8Array): Generator<readonly [field: number, content: Uint8Array]> {
  let at = 0;
  const fail = (problem: string): never => {
    throw oalError("OAL-G112", { where: "the model", problem });
  };
  const varint = (): number => {
    let value = 0;
    for (let count = 0; count < 10; count++) {
      const byte = bytes[at++] ?? fail("ends in the middle of a number");
      value += (byte & 127) * 2 ** (7 * count);
      if (byte < 128) return value;
    }
    return fail("holds a number of more than 64 bits");
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key % 8;
    if (wire === 0) {
      varint();
      continue;
    }
    const fixed = wire === 1 ? 8 : wire === 5 ? 4 : null;
    const length = fixed ?? (wire === 2 ? varint() : fail(`holds a field of wire type ${wire}`));
    if (length > bytes.length - at) fail(`promises ${length} bytes where ${bytes.length - at} are left`);
    yield [Math.floor(key / 8), bytes.subarray(at, (at += length))];
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
