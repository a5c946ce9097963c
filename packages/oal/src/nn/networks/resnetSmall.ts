/** Small residual networks (ResNet-8, -14, -20, ... of the CIFAR kind) that train on two cores in minutes. */
import { z } from "zod";
import { named, whole } from "../../fields.js";
import { activations } from "../activations/index.js";
import { defineNetwork } from "./network.js";
import { residualNetwork } from "./residual.js";

const schema = z.strictObject({
  width: whole(16, 4, 1024, "channels of the first stage; later stages have 2 and 4 times as many"),
  blocks: whole(1, 1, 16, "basic blocks per stage"),
  activation: named(activations, "relu", "function between the layers"),
});

/** Stages w, 2w, 4w of `blocks` basic blocks each: 6 blocks + 2 layers deep. */
export const resnetSmall = defineNetwork({
  id: "resnetSmall",
  title: "small ResNet",
  source: "He et al. 2016, section 4.2 (three stages for 32x32 images), with projection shortcuts",
  schema,
  featureDim: ({ width }) => 4 * width,
  build: (context, images, { width, blocks, activation, classes }) =>
    residualNetwork(context, images, [width, 2 * width, 4 * width], blocks, classes, activation),
});
