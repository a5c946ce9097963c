/** ResNet-18 for 32x32 images, exactly OpenOOD's: 11,173,962 parameters with 10 classes. */
import { z } from "zod";
import { named, whole } from "../../fields.js";
import { activations } from "../activations/index.js";
import { defineNetwork } from "./network.js";
import { residualNetwork } from "./residual.js";

const schema = z.strictObject({
  width: whole(64, 4, 1024, "channels of the first stage; later stages have 2, 4 and 8 times as many"),
  activation: named(activations, "relu", "function between the layers"),
});

/** Stages w, 2w, 4w, 8w of two basic blocks, w = 64. */
export const resnet18_32x32 = defineNetwork({
  id: "resnet18_32x32",
  title: "ResNet-18 (32x32)",
  source: "Jingkang50/OpenOOD openood/networks/resnet18_32x32.py",
  schema,
  naming: "OpenOOD",
  recognise: (shapeOf) => {
    const [classes = 0] = shapeOf("fc.weight") ?? [];
    const [stem = [], last] = [shapeOf("conv1.weight"), shapeOf("layer4.1.conv2.weight")];
    if (stem[2] !== 3 || last === undefined) return undefined;
    return { classes, imageSize: 32, own: { width: stem[0] } };
  },
  featureDim: ({ width }) => 8 * width,
  build: (context, images, { width, activation, classes }) =>
    residualNetwork(context, images, [width, 2 * width, 4 * width, 8 * width], 2, classes, activation),
});
