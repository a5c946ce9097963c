/** The residual networks for small images: a 3x3 stem, stages of basic blocks, average pooling, one dense layer. */
import { add, globalAveragePool, type Value } from "oal-core";
import { activations } from "../activations/index.js";
import type { Context } from "../context.js";
import type { Initializer } from "../initialisers.js";
import { batchNormLayer } from "../layers/batchNorm.js";
import { convolutionLayer } from "../layers/convolution.js";
import { denseHead } from "../layers/linear.js";
import type { NetworkOutputs } from "./network.js";

/**
 * conv1, bn1, ReLU; layer1.. of `blocks` basic blocks each, stride 2 from the second stage on; global average pool; fc.
 *
 * @param images float32 [N, C, H, W]
 * @param widths channels of each stage
 * @param activation id of the activation; ReLU in the original
 * @source He et al. 2016, section 4.2; names and shapes of Jingkang50/OpenOOD openood/networks/resnet18_32x32.py
 */
export function residualNetwork(
  context: Context,
  images: Value,
  widths: readonly number[],
  blocks: number,
  classes: number,
  activation: string,
): NetworkOutputs {
  const chosen = activations.find(activation);
  const activate = (value: Value): Value => chosen.apply(value);
  return context.scope(() => {
    let x = convolutionLayer(context.child("conv1"), images, {
      outputs: widths[0] ?? 0,
      kernel: 3,
      padding: 1,
      bias: false,
    });
    x = activate(batchNormLayer(context.child("bn1"), x));
    const maps = new Map<string, Value>();
    widths.forEach((width, stage) => {
      for (let block = 0; block < blocks; block++) {
        x = basicBlock(context.child(`layer${stage + 1}`).child(String(block)), x, width, {
          stride: stage > 0 && block === 0 ? 2 : 1,
          activate,
          shortcut: "shortcut",
        });
      }
      maps.set(`layer${stage + 1}`, x);
    });
    const features = globalAveragePool(x);
    const head = denseHead(context.child("fc"), features.size(1), classes);
    return { logits: head.apply(features), features, head, maps };
  });
}

/** How a residual block is built. */
export interface BlockOptions {
  readonly stride: number;
  readonly activate: (x: Value) => Value;
  /** Name of the projection where the shape changes: "shortcut" or "downsample". */
  readonly shortcut: string;
  /** Start of the convolutions. Default PyTorch's. */
  readonly init?: Initializer | undefined;
}

/** relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)), both convolutions 3x3. */
export function basicBlock(context: Context, x: Value, width: number, options: BlockOptions): Value {
  const { stride, activate, init } = options;
  return context.scope(() => {
    const convolution = (name: string, input: Value, step: number): Value =>
      convolutionLayer(context.child(name), input, {
        outputs: width,
        kernel: 3,
        stride: step,
        padding: 1,
        bias: false,
        init,
      });
    const inner = activate(batchNormLayer(context.child("bn1"), convolution("conv1", x, stride)));
    const main = batchNormLayer(context.child("bn2"), convolution("conv2", inner, 1));
    return activate(add(main, projectedShortcut(context, x, width, options)));
  });
}

/** x, or a 1x1 convolution and BatchNorm of it where the block changes its shape. */
export function projectedShortcut(
  context: Context,
  x: Value,
  outputs: number,
  { stride, shortcut, init }: BlockOptions,
): Value {
  if (stride === 1 && x.size(1) === outputs) return x;
  const own = context.child(shortcut);
  const projected = convolutionLayer(own.child("0"), x, {
    outputs,
    kernel: 1,
    stride,
    bias: false,
    init,
  });
  return batchNormLayer(own.child("1"), projected);
}
