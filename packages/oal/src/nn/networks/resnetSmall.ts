/** Small residual networks (ResNet-8, -14, -20, ... of the CIFAR kind) that train on two cores in minutes. */
import type { Network, NetworkOptions } from "./network.js";
import { residualNetwork } from "./residual.js";

const widthOf = ({ width = 16 }: NetworkOptions): number => width;

/** Stages w, 2w, 4w of `blocks` basic blocks each: 6 blocks + 2 layers deep. */
export const resnetSmall: Network = {
  id: "resnetSmall",
  title: "small ResNet",
  source: "He et al. 2016, section 4.2 (three stages for 32x32 images), with projection shortcuts",
  hyperParameters: [
    {
      name: "width",
      default: 16,
      description: "channels of the first stage; later stages have 2 and 4 times as many",
    },
    { name: "blocks", default: 1, description: "basic blocks per stage" },
  ],
  featureDim: (options) => 4 * widthOf(options),
  build: (context, images, options) => {
    const width = widthOf(options);
    return residualNetwork(
      context,
      images,
      [width, 2 * width, 4 * width],
      options.blocks ?? 1,
      options.classes,
    );
  },
};
