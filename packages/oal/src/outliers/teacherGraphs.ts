/** The teacher as part of graphs that are differentiated: its logits of features, and what it says of pictures that a decoder gives. */
import {
  add,
  float32Tensor,
  inline,
  isOalError,
  mul,
  oalError,
  resizeTo,
  sub,
  type Graph,
  type Value,
} from "oal-core";
import { buildClassifier, type ClassifierModel } from "../training/model.js";

/**
 * The teacher's logits of features, float32 [N, F] to [N, C].
 *
 * @param source that asks, for the message
 * @throws OAL-D188 for a teacher whose logits do not follow from its features alone
 */
export function logitsOfFeatures(features: Value, teacher: ClassifierModel, source: string): Value {
  const { graph, taps } = buildClassifier(teacher, features.size(0));
  if (!taps.features) throw oalError("OAL-D188", { source, problem: "it shows no features" });
  try {
    const inside = inline(features.graph, graph, new Map([[taps.features, features]]), {
      wanted: [taps.logits],
    });
    return copied(inside, taps.logits);
  } catch (error) {
    if (!isOalError(error, "OAL-C120")) throw error;
    throw oalError(
      "OAL-D188",
      { source, problem: "its logits do not follow from its features alone" },
      error,
    );
  }
}

/** What the teacher says of pictures. */
export interface TeacherValues {
  /** float32 [N, C]. */
  readonly logits: Value;
  /** float32 [N, F]. */
  readonly features: Value;
}

/**
 * The teacher on pictures as a decoder gives them, so that gradients reach the pictures.
 *
 * @param pictures float32 [N, 3, H, W], about [-1, 1]; resized where the teacher takes another size
 * @param source that asks, for the message
 * @throws OAL-D188 for a teacher that shows no features
 */
export function teacherOnDecoded(pictures: Value, teacher: ClassifierModel, source: string): TeacherValues {
  const { imageSize } = teacher.network.options;
  const { mean, std } = teacher.normalisation;
  const channel = (of: (c: number) => number): Value =>
    pictures.graph.constant(float32Tensor([1, 3, 1, 1], [0, 1, 2].map(of)));
  const sized = pictures.size(2) === imageSize ? pictures : resizeTo(pictures, [imageSize, imageSize]);
  const input = mul(
    sub(
      add(mul(sized, 0.5), 0.5),
      channel((c) => mean[c] ?? 0),
    ),
    channel((c) => 1 / (std[c] ?? 1)),
  );
  const { graph, taps } = buildClassifier(teacher, pictures.size(0));
  const { logits, features } = taps;
  if (!features || !taps.input) throw oalError("OAL-D188", { source, problem: "it shows no features" });
  const inside = inline(pictures.graph, graph, new Map([[taps.input, input]]), {
    wanted: [logits, features],
  });
  return { logits: copied(inside, logits), features: copied(inside, features) };
}

/**
 * Pictures of latents by a decoder that was read from a file.
 *
 * @param latents float32 [N, C, h, w], unscaled; as many as the decoder takes, or fewer
 * @param decoder with one input and one output
 */
export function decodedBy(latents: Value, decoder: Graph): Value {
  const [input] = decoder.inputs;
  const [output] = [...decoder.outputs.values()];
  if (!input || !output) throw oalError("OAL-X101", { problem: "a decoder without input or output" });
  return copied(inline(latents.graph, decoder, new Map([[input, latents]]), { wanted: [output] }), output);
}

function copied(inside: ReadonlyMap<Value, Value>, of: Value): Value {
  const value = inside.get(of);
  if (!value) throw oalError("OAL-X101", { problem: `nothing stands for ${of.name}` });
  return value;
}
