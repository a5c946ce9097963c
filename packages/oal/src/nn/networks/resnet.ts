/** The residual networks for ImageNet: a 7x7 stem and max-pooling, four stages of basic or bottleneck blocks, one dense layer. */
import { add, globalAveragePool, maxPool2d, relu, type Value } from "oal-core";
import { z } from "zod";
import type { Context } from "../context.js";
import { kaimingNormalFanOut } from "../initialisers.js";
import { batchNormLayer } from "../layers/batchNorm.js";
import { convolutionLayer } from "../layers/convolution.js";
import { denseHead } from "../layers/linear.js";
import { defineNetwork, type Network, type RecognisedOptions, type ShapeByName } from "./network.js";
import { basicBlock, projectedShortcut, type BlockOptions } from "./residual.js";

/** A block of a stage: x, the stage's width, the stride of its first block. */
interface Block {
  /** Channels of a block's output, as a multiple of the stage's width. */
  readonly expansion: number;
  build(context: Context, x: Value, width: number, options: BlockOptions): Value;
}

const common = { activate: relu, shortcut: "downsample", init: kaimingNormalFanOut } as const;

const basic: Block = { expansion: 1, build: basicBlock };

const bottleneck: Block = {
  expansion: 4,
  // The stride is in the 3x3 convolution, as in torchvision ("v1.5"), not in the first as in the paper.
  build: (context, x, width, options) =>
    context.scope(() => {
      const { activate, stride, init } = options;
      const layer = (index: number, input: Value, outputs: number, kernel: number, step: number): Value => {
        const convolved = convolutionLayer(context.child(`conv${index}`), input, {
          outputs,
          kernel,
          stride: step,
          padding: (kernel - 1) / 2,
          bias: false,
          init,
        });
        return batchNormLayer(context.child(`bn${index}`), convolved);
      };
      const narrow = activate(layer(1, x, width, 1, 1));
      const moved = activate(layer(2, narrow, width, 3, stride));
      const main = layer(3, moved, 4 * width, 1, 1);
      return activate(add(main, projectedShortcut(context, x, 4 * width, options)));
    }),
};

interface Sizes {
  readonly id: string;
  readonly title: string;
  readonly block: Block;
  readonly stageBlocks: readonly [number, number, number, number];
}

const fourOf = (least: number, most: number) => z.array(z.number().int().min(least).max(most)).length(4);

function residual({ id, title, block, stageBlocks }: Sizes): Network {
  return defineNetwork({
    id,
    title,
    source: "He et al. 2016, table 1; names, shapes and start of torchvision's models/resnet.py",
    schema: z.strictObject({
      widths: fourOf(1, 8192)
        .default([64, 128, 256, 512])
        .describe("channels of the 3x3 convolutions of every stage; the stem has as many as the first"),
      stageBlocks: fourOf(1, 256)
        .default([...stageBlocks])
        .describe("blocks of every stage"),
    }),
    naming: "torchvision",
    recognise: (shapeOf) => recognised(shapeOf, block),
    featureDim: ({ widths }) => block.expansion * (widths.at(-1) ?? 0),
    build: (context, images, { widths, stageBlocks: counts, classes }) =>
      context.scope(() => {
        const first = convolutionLayer(context.child("conv1"), images, {
          outputs: widths[0] ?? 0,
          kernel: 7,
          stride: 2,
          padding: 3,
          bias: false,
          init: common.init,
        });
        const normalised = relu(batchNormLayer(context.child("bn1"), first));
        let x = maxPool2d(normalised, { kernel: 3, strides: 2, pads: 1 });
        const maps = new Map([["stem", x]]);
        widths.forEach((width, index) => {
          const stage = context.child(`layer${index + 1}`);
          for (let place = 0; place < (counts[index] ?? 0); place++) {
            const stride = index > 0 && place === 0 ? 2 : 1;
            x = block.build(stage.child(String(place)), x, width, { ...common, stride });
          }
          maps.set(`layer${index + 1}`, x);
        });
        const features = globalAveragePool(x);
        const head = denseHead(context.child("fc"), features.size(1), classes);
        return { logits: head.apply(features), features, head, maps };
      }),
  });
}

/** Widths and blocks of every stage by the shapes; undefined for another stem or other blocks. */
function recognised(shapeOf: ShapeByName, { expansion }: Block): RecognisedOptions | undefined {
  const [classes = 0] = shapeOf("fc.weight") ?? [];
  const isBottleneck = shapeOf("layer1.0.conv3.weight") !== undefined;
  if (shapeOf("conv1.weight")?.[2] !== 7 || isBottleneck !== expansion > 1) return undefined;
  const stages = [1, 2, 3, 4].map((stage) => `layer${stage}`);
  const widths = stages.map((stage) => shapeOf(`${stage}.0.conv1.weight`)?.[0] ?? 0);
  const stageBlocks = stages.map((stage) => {
    let count = 0;
    while (shapeOf(`${stage}.${count}.conv1.weight`) !== undefined) count++;
    return count;
  });
  return { classes, imageSize: undefined, own: { widths, stageBlocks } };
}

/** ResNet-18: 11,689,512 parameters with 1000 classes. */
export const resnet18 = residual({
  id: "resnet18",
  title: "ResNet-18",
  block: basic,
  stageBlocks: [2, 2, 2, 2],
});

/** ResNet-34: 21,797,672 parameters with 1000 classes. */
export const resnet34 = residual({
  id: "resnet34",
  title: "ResNet-34",
  block: basic,
  stageBlocks: [3, 4, 6, 3],
});

/** ResNet-50: 25,557,032 parameters with 1000 classes. */
export const resnet50 = residual({
  id: "resnet50",
  title: "ResNet-50",
  block: bottleneck,
  stageBlocks: [3, 4, 6, 3],
});
