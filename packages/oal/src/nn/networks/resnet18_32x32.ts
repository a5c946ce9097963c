/** ResNet-18 for 32x32 images, exactly OpenOOD's: 11,173,962 parameters with 10 classes. */
import type { Network, NetworkOptions } from "./network.js";
import { residualNetwork } from "./residual.js";

const widthOf = ({ width = 64 }: NetworkOptions): number => width;

/** Stages w, 2w, 4w, 8w of two basic blocks, w = 64. */
export const resnet18_32x32: Network = {
  id: "resnet18_32x32",
  title: "ResNet-18 (32x32)",
  source: "Jingkang50/OpenOOD openood/networks/resnet18_32x32.py",
  hyperParameters: [
    {
      name: "width",
      default: 64,
      description: "channels of the first stage; later stages have 2, 4 and 8 times as many",
    },
  ],
  featureDim: (options) => 8 * widthOf(options),
  build: (context, images, options) => {
    const width = widthOf(options);
    return residualNetwork(context, images, [width, 2 * width, 4 * width, 8 * width], 2, options.classes);
  },
};
