/**
 * A fast plain network in airbench's manner: whitening, three blocks, max-pooling, a scaled head.
 * The whitening convolution is frozen; its weights come from training patches (whitening.ts) and are set by the trainer.
 */
import { maxPool2d, oalError, reduceMax, type Value } from "oal-core";
import { z } from "zod";
import { named } from "../../fields.js";
import { activations } from "../activations/index.js";
import type { Context } from "../context.js";
import { partialIdentity } from "../initialisers.js";
import { batchNormLayer } from "../layers/batchNorm.js";
import { convolutionLayer } from "../layers/convolution.js";
import { denseHead } from "../layers/linear.js";
import { defineNetwork } from "./network.js";
import { identityWhitening, patchesOf, whiteningWeights } from "./whitening.js";

/** Multiplier of the learning rate for the biases of BatchNorm. */
const normBiasRate = 64;
/** The head's outputs are multiplied by this, so that plain SGD rates fit. */
const headScale = 1 / 9;
/** Side and stride of the pools' windows. */
const poolSide = 2;
const schema = z.strictObject({
  widths: z
    .array(z.number().int().min(4).max(4096))
    .min(1)
    .default([32, 128, 128])
    .describe("channels of every block; 64, 256 and 256 make a teacher"),
  activation: named(activations, "gelu", "function between the layers"),
});

/** Name of the frozen whitening weights, relative to the network: float32 [8 channels, channels, 2, 2]. */
export const whiteningName = "whiten.weight";

/** Whitening to 8 x channels (24), blocks of [conv, max-pool, norm, GELU, conv, norm, GELU], global max-pool, head without bias. */
export const airbench = defineNetwork({
  id: "airbench",
  title: "airbench",
  source: "Keller Jordan, airbench94; figures at these widths in docs/recipe.md",
  schema,
  featureDim: ({ widths }) => widths.at(-1) ?? 0,
  build: (context, images, options) =>
    context.scope(() => {
      const channels = images.size(1);
      if (options.imageSize < 9) {
        throw oalError("OAL-G101", {
          operator: "airbench",
          path: context.graph.path,
          problem: `needs images of at least 9 pixels, found ${options.imageSize}`,
        });
      }
      const activation = activations.find(options.activation);
      const activate = (value: Value): Value => activation.apply(value);
      let x = activate(
        convolutionLayer(context.child("whiten"), images, {
          outputs: 8 * channels,
          kernel: 2,
          bias: false,
          init: identityWhitening,
          weight: { trainable: false },
        }),
      );
      const maps = new Map<string, Value>();
      options.widths.forEach((width, index) => {
        const name = `block${index + 1}`;
        x = block(context.child(name), x, width, activate);
        maps.set(name, x);
      });
      const features = reduceMax(x, [2, 3]);
      const head = denseHead(context.child("head"), features.size(1), options.classes, {
        bias: false,
        scale: headScale,
      });
      return { logits: head.apply(features), features, head, maps };
    }),
  start: {
    images: 2000,
    tensors: (images) => new Map([[whiteningName, whiteningWeights(patchesOf(images))]]),
  },
});

function block(context: Context, x: Value, width: number, activate: (x: Value) => Value): Value {
  const convolution = (name: string, input: Value, multiple: number): Value =>
    convolutionLayer(context.child(name), input, {
      outputs: width,
      kernel: 3,
      padding: 1,
      multiple,
      bias: false,
      init: partialIdentity,
    });
  const norm = (name: string, input: Value): Value =>
    batchNormLayer(context.child(name), input, {
      scale: false,
      momentum: 0.4,
      bias: { rate: normBiasRate, decay: false },
    });
  return context.scope(() => {
    const pooled = maxPool2d(convolution("conv1", x, poolSide), { kernel: poolSide });
    const inner = activate(norm("norm1", pooled));
    return activate(norm("norm2", convolution("conv2", inner, 1)));
  });
}
