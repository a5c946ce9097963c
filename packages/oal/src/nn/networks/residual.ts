/** The residual networks for small images: a 3x3 stem, stages of basic blocks, average pooling, one dense layer. */
import { add, globalAveragePool, type Value } from "oal-core";
import { activations } from "../activations/index.js";
import type { Context } from "../context.js";
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
        x = basicBlock(
          context.child(`layer${stage + 1}`).child(String(block)),
          x,
          width,
          stage > 0 && block === 0 ? 2 : 1,
          activate,
        );
      }
      maps.set(`layer${stage + 1}`, x);
    });
    const features = globalAveragePool(x);
    const head = denseHead(context.child("fc"), features.size(1), classes);
    return { logits: head.apply(features), features, head, maps };
  });
}

/** relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)); the shortcut is a 1x1 convolution and BatchNorm where shape changes. */
function basicBlock(
  context: Context,
  x: Value,
  width: number,
  stride: number,
  activate: (x: Value) => Value,
): Value {
  return context.scope(() => {
    const first = convolutionLayer(context.child("conv1"), x, {
      outputs: width,
      kernel: 3,
      stride,
      padding: 1,
      bias: false,
    });
    const inner = activate(batchNormLayer(context.child("bn1"), first));
    const second = convolutionLayer(context.child("conv2"), inner, {
      outputs: width,
      kernel: 3,
      padding: 1,
      bias: false,
    });
    const main = batchNormLayer(context.child("bn2"), second);
    if (stride === 1 && x.size(1) === width) return activate(add(main, x));
    const shortcut = context.child("shortcut");
    const projected = convolutionLayer(shortcut.child("0"), x, {
      outputs: width,
      kernel: 1,
      stride,
      bias: false,
    });
    return activate(add(main, batchNormLayer(shortcut.child("1"), projected)));
  });
}
