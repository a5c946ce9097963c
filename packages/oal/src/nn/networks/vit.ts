/** Vision transformers: square patches as tokens, a class token, pre-norm blocks, one dense layer on the class token. */
import { add, gelu, oalError, pad, reshape, slice, transpose, type Value } from "oal-core";
import { z } from "zod";
import { whole } from "../../fields.js";
import type { Context } from "../context.js";
import { normal, zeros } from "../initialisers.js";
import { convolutionLayer } from "../layers/convolution.js";
import { layerNormLayer } from "../layers/layerNorm.js";
import { denseHead, linearLayer } from "../layers/linear.js";
import { selfAttentionLayer } from "../layers/selfAttention.js";
import { resampledPlaces } from "./places.js";
import {
  defineNetwork,
  type Network,
  type NetworkOutputs,
  type RecognisedOptions,
  type ShapeByName,
  type WeightNaming,
} from "./network.js";

/** Of every normalisation. */
const epsilon = 1e-6;
/** How dense layers begin: timm's init_weights_vit_timm (truncated at a hundred deviations, which no draw reaches). */
const start = { init: normal(0.02), biasInit: zeros };

interface Sizes {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
}

interface Options extends Sizes {
  readonly patch: number;
  readonly mlpRatio: number;
  readonly classes: number;
}

const schemaOf = ({ width, depth, heads }: Sizes) =>
  z.strictObject({
    width: whole(width, 1, 8192, "numbers per token; a multiple of the attention heads"),
    depth: whole(depth, 1, 128, "transformer blocks"),
    heads: whole(heads, 1, 256, "attention heads of a block"),
    patch: whole(16, 1, 256, "side of a patch in pixels; divides the side of the pictures"),
    mlpRatio: whole(4, 1, 16, "hidden width of a block's dense layers, as a multiple of the width"),
  });

/** The words of torchvision that differ from timm's, in the order in which they are replaced. */
const torchvisionWords: readonly (readonly [RegExp, string])[] = [
  [/^cls_token$/, "class_token"],
  [/^pos_embed$/, "encoder.pos_embedding"],
  [/^patch_embed\.proj\./, "conv_proj."],
  [/^norm\./, "encoder.ln."],
  [/^head\./, "heads.head."],
  [/^blocks\.(\d+)\./, "encoder.layers.encoder_layer_$1."],
  [/\.norm(\d)\./, ".ln_$1."],
  [/\.attn\.qkv\./, ".self_attention.in_proj_"],
  [/\.attn\.proj\./, ".self_attention.out_proj."],
  [/\.mlp\.fc1\./, ".mlp.0."],
  [/\.mlp\.fc2\./, ".mlp.3."],
];
const inTorchvision = (name: string): string =>
  torchvisionWords.reduce((changed, [ours, theirs]) => changed.replace(ours, theirs), name);

/** The published files of torchvision still have the names of its first version for the dense layers. */
const namings: readonly WeightNaming[] = [
  { id: "torchvision", nameOf: inTorchvision },
  {
    id: "torchvision 0.12",
    nameOf: (name) =>
      inTorchvision(name).replace(".mlp.0.", ".mlp.linear_1.").replace(".mlp.3.", ".mlp.linear_2."),
  },
];

function visionTransformer(id: string, title: string, sizes: Sizes): Network {
  return defineNetwork({
    id,
    title,
    source:
      "Dosovitskiy et al. 2021, table 1, and Touvron et al. 2021; names of timm's vision_transformer.py",
    schema: schemaOf(sizes),
    naming: "timm",
    otherNamings: namings,
    recognise: recognised,
    forOtherSize: (name, tensor, [, count = 0]) =>
      name === "pos_embed" ? resampledPlaces(tensor, count) : undefined,
    featureDim: ({ width }) => width,
    build: (context, images, options) => context.scope(() => buildTransformer(context, images, options)),
  });
}

/** Numbers per attention head of every published model that oal knows. */
const usualPerHead = 64;

/** Sizes by the shapes; attention heads leave no trace in them and are told where the width is a multiple of 64. */
function recognised(shapeOf: ShapeByName): RecognisedOptions | undefined {
  const [width, , , patch] = shapeOf("patch_embed.proj.weight") ?? [];
  const [, tokens] = shapeOf("pos_embed") ?? [];
  const [hidden] = shapeOf("blocks.0.mlp.fc1.weight") ?? [];
  const [classes = 0] = shapeOf("head.weight") ?? [];
  if (!width || !patch || !tokens || !hidden) return undefined;
  const imageSize = Math.sqrt(tokens - 1) * patch;
  if (!Number.isInteger(imageSize)) return undefined;
  let depth = 0;
  while (shapeOf(`blocks.${depth}.norm1.weight`) !== undefined) depth++;
  const heads = width % usualPerHead === 0 ? { heads: width / usualPerHead } : {};
  const own = { width, depth, patch, mlpRatio: hidden / width, ...heads };
  return { classes, imageSize, own };
}

function buildTransformer(context: Context, images: Value, options: Options): NetworkOutputs {
  const { width, depth, heads, patch, mlpRatio, classes } = options;
  let x = embed(context, images, width, patch);
  for (let index = 0; index < depth; index++)
    x = transformerBlock(context.child("blocks").child(String(index)), x, heads, mlpRatio * width);
  x = layerNormLayer(context.child("norm"), x, epsilon);
  const features = reshape(slice(x, [0], [1], [1]), [x.dims[0] ?? 0, width]);
  const head = denseHead(context.child("head"), width, classes, start);
  return { logits: head.apply(features), features, head };
}

/** Patches as tokens behind the class token, with their places: float32 [N, 1 + patches, width]. */
function embed(context: Context, images: Value, width: number, patch: number): Value {
  const [rows, columns] = [images.size(2), images.size(3)];
  if (rows % patch !== 0 || columns % patch !== 0) {
    throw oalError("OAL-G101", {
      operator: "vision transformer",
      path: context.graph.path,
      problem: `patches of ${patch} pixels do not fill a picture of ${rows} x ${columns}`,
    });
  }
  const count = (rows / patch) * (columns / patch);
  const patches = convolutionLayer(context.child("patch_embed").child("proj"), images, {
    outputs: width,
    kernel: patch,
    stride: patch,
  });
  // timm's no_weight_decay
  const classToken = context.parameter("cls_token", [1, 1, width], normal(1e-6), { decay: false });
  const places = context.parameter("pos_embed", [1, 1 + count, width], normal(0.02), { decay: false });
  const batch = patches.dims[0] ?? 0;
  const tokens = transpose(reshape(patches, [batch, width, count]), [0, 2, 1]);
  // The class token is the same for every picture, so it is added with the places: no copy of it per picture has to be made.
  const fixed = add(places, pad(classToken, [0, 0, 0, 0, count, 0]));
  return add(pad(tokens, [0, 1, 0, 0, 0, 0]), fixed);
}

/** x + attention(norm1(x)), then x + mlp(norm2(x)). */
function transformerBlock(context: Context, x: Value, heads: number, hidden: number): Value {
  return context.scope(() => {
    const attended = selfAttentionLayer(
      context.child("attn"),
      layerNormLayer(context.child("norm1"), x, epsilon),
      heads,
      start,
    );
    const inner = add(x, attended);
    const mlp = context.child("mlp");
    const wide = linearLayer(
      mlp.child("fc1"),
      layerNormLayer(context.child("norm2"), inner, epsilon),
      hidden,
      start,
    );
    return add(inner, linearLayer(mlp.child("fc2"), gelu(wide), inner.size(2), start));
  });
}

/** ViT-Ti/16: 5,717,416 parameters with 1000 classes at 224 pixels. */
export const vitTiny16 = visionTransformer("vitTiny16", "ViT-Ti/16", { width: 192, depth: 12, heads: 3 });

/** ViT-S/16: 22,050,664 parameters with 1000 classes at 224 pixels. */
export const vitSmall16 = visionTransformer("vitSmall16", "ViT-S/16", { width: 384, depth: 12, heads: 6 });

/** ViT-B/16: 86,567,656 parameters with 1000 classes at 224 pixels. */
export const vitBase16 = visionTransformer("vitBase16", "ViT-B/16", { width: 768, depth: 12, heads: 12 });
