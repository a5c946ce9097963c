/** Maximum softmax probability averaged over perturbed last layers. */
import {
  add,
  float32Data,
  float32Tensor,
  gemm,
  reduceMax,
  reduceMean,
  reshape,
  softmax,
} from "../../graph/index.js";
import { Random } from "../../random/index.js";
import { defineDetector } from "../detector.js";
import { integer, real } from "../parameters.js";

/**
 * WeiPer with MSP: the mean over r draws of max_c softmax(W~ f + b)_c, W~_c = W_c + δ ||W_c|| n, n uniform on the unit sphere. The
 * divergence between histograms that the paper adds (WeiPer+KLD) is not part of it.
 *
 * @cost r C d per image, as many numbers
 * @source Granz et al. 2024, "WeiPer: OOD Detection using Weight Perturbations of Class Projections"
 */
export const weiperMsp = defineDetector({
  id: "weiper_msp",
  title: "Perturbed last layers",
  aliases: ["weiper", "weiperMsp"],
  needs: ["features", "head"],
  source: "Granz et al. 2024",
  formula: "mean_r max_c softmax((W + δ||W||n_r) f + b)_c",
  cost: "r C d; as many numbers",
  notes: [
    "Not in OpenOOD, nor in pytorch-ood. The paper adds a divergence between histograms (WeiPer+KLD), which is not part of it.",
  ],
  parameters: {
    repeats: integer({
      min: 1,
      default: 100,
      description: "r, the number of draws",
      reason: "the paper's choice",
    }),
    delta: real({
      min: 0,
      default: 1.8,
      description: "δ, the length of a perturbation relative to the weights'",
      reason: "the paper's choice for CIFAR-10; 2.4 for CIFAR-100 and ImageNet",
    }),
    seed: integer({ min: 0, default: 0, description: "seed of the draws", reason: "any seed will do" }),
  },
  fit: {
    on: "train",
    needs: ["features"],
    tensors: ["weights"],
    run(streams, { repeats, delta, seed }) {
      const { weight } = streams.head();
      const [classes = 0, width = 0] = weight.shape;
      const own = float32Data(weight);
      const random = new Random(seed, "detector/weiper");
      const weights = new Float32Array(repeats * classes * width);
      for (let r = 0; r < repeats; r++)
        for (let c = 0; c < classes; c++) {
          const row = own.subarray(c * width, (c + 1) * width);
          const noise = random.normals(r * classes + c, width);
          const length = (delta * Math.hypot(...row)) / Math.max(Math.hypot(...noise), 1e-30);
          row.forEach((w, j) => (weights[(r * classes + c) * width + j] = w + length * (noise[j] ?? 0)));
        }
      return Promise.resolve({ weights: float32Tensor([repeats, classes, width], weights) });
    },
  },
  score(_graph, { features, head, fitted }) {
    const [repeats = 0, classes = 0, width = 0] = fitted.weights.shape;
    const rows = features.dims[0] ?? 0;
    const products = gemm(features, reshape(fitted.weights, [repeats * classes, width]), null, {
      transB: true,
    });
    const logits = add(reshape(products, [rows, repeats, classes]), reshape(head.bias, [1, 1, classes]));
    return reduceMean(reduceMax(softmax(logits, 2), [2]), [1], false);
  },
});
