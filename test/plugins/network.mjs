// A network that imports what it is made of, as a module of a project with oal installed does.
import { defineNetwork } from "oal/nn";
import { mul, reduceMean } from "oal/graph";
import { linearLayer } from "oal/nn";
import { pluginTools } from "oal";

const { z } = pluginTools;

export default {
  networks: [
    defineNetwork({
      id: "mean",
      title: "a linear layer on mean colours",
      source: "this test",
      schema: z.strictObject({
        gain: z.number().min(0).max(9).default(1).describe("factor of the features"),
      }),
      featureDim: () => 3,
      build: (context, images, { classes, gain }) => {
        const features = mul(reduceMean(images, [2, 3], false), gain);
        return { logits: linearLayer(context.child("fc"), features, classes), features };
      },
    }),
  ],
};
