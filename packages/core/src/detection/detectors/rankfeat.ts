/** Energy without the strongest component of the last feature maps. */
import { oalError } from "../../errors/index.js";
import {
  add,
  argMax,
  div,
  matmul,
  maximum,
  mul,
  oneHot,
  reduceSum,
  reshape,
  sqrt,
  sub,
  transpose,
  type Value,
} from "../../graph/index.js";
import { defineDetector } from "../detector.js";
import { real } from "../parameters.js";
import { replay } from "../replay.js";
import { energyOf } from "../shaping.js";

/** Squarings of a matrix of products: its largest eigenvalue then stands to the next as their ratio to the power 2^9. */
const squarings = 9;

/** A map [N, c, h, w] without its largest singular triple as a matrix [c, h w]: A - s u v^T. */
function withoutFirst(map: Value): Value {
  const [count = 0] = map.dims;
  const [channels, places] = [map.size(1), map.size(2) * map.size(3)];
  const flat = reshape(map, [count, channels, places]);
  const wide = channels >= places;
  // v (or u, where there are fewer channels than places) by squaring the smaller matrix of products, which needs no random start.
  const a = wide ? flat : transpose(flat, [0, 2, 1]);
  const size = Math.min(channels, places);
  let products = matmul(transpose(a, [0, 2, 1]), a);
  const eye = map.graph.constant(
    {
      dtype: "float32",
      shape: [1, size, size],
      data: Float32Array.from({ length: size * size }, (_, k) => (k % (size + 1) === 0 ? 1 : 0)),
    },
    "rankfeat.eye",
  );
  const diagonal = (x: Value): Value => reduceSum(mul(x, eye), [2]);
  for (let i = 0; i < squarings; i++) {
    const trace = reshape(reduceSum(diagonal(products), [1]), [count, 1, 1]);
    const scaled = div(products, maximum(trace, 1e-30));
    products = matmul(scaled, scaled);
  }
  const start = reshape(oneHot(argMax(diagonal(products), 1), size), [count, size, 1]);
  const column = matmul(products, start);
  const direction = div(column, maximum(sqrt(reduceSum(mul(column, column), [1], true)), 1e-30));
  const first = matmul(matmul(a, direction), transpose(direction, [0, 2, 1]));
  return reshape(sub(flat, wide ? first : transpose(first, [0, 2, 1])), [
    count,
    channels,
    map.size(2),
    map.size(3),
  ]);
}

/** The last map, and the last one before it that is larger: what blocks 4 and 3 of a residual network give. */
function lastTwo(maps: ReadonlyMap<string, Value>): readonly [Value, Value] {
  const all = [...maps.values()];
  const last = all.at(-1);
  const area = (map: Value): number => map.size(2) * map.size(3);
  const before = last && all.findLast((map) => area(map) > area(last));
  if (last && before) return [last, before];
  throw oalError("OAL-E203", { detector: "rankfeat", needs: "feature maps of two sizes" });
}

/**
 * RankFeat: T · log Σ exp(z / T), z the mean of two logits: those after the last map without its largest singular triple, and those after
 * the last larger map without its own, with what lies between run again. The triple is exact where its singular value stands out.
 *
 * @cost the last stage once more, and ten products of the smaller side of each map
 * @source Song et al. 2022, "RankFeat: Rank-1 Feature Removal for Out-of-distribution Detection"
 */
export const rankfeat = defineDetector({
  id: "rankfeat",
  title: "Rank-one feature removal",
  aliases: ["rankFeat"],
  needs: ["maps", "logits"],
  source: "Song et al. 2022",
  formula: "T log Σ exp((z₃ + z₄) / 2T)",
  cost: "the last stage once more, ten products of the smaller side of each map; no numbers",
  notes: [
    "OpenOOD computes what the authors' code does: the logits of blocks 3 and 4, averaged. Both offer 20 power iterations from a random start instead of the exact triple; here the matrix of products is squared nine times, without a start.",
    "pytorch-ood removes the triple of one map and averages nothing; in earlier versions its score has the opposite sign.",
    "Where the two largest singular values of a map are equal, which triple is removed is open.",
  ],
  parameters: {
    temperature: real({
      above: 0,
      default: 1,
      description: "T, no unit",
      reason: "the paper's choice, and OpenOOD's",
    }),
  },
  score(_graph, { maps, logits }, { temperature }) {
    const without = (map: Value): Value => replay(new Map([[map, withoutFirst(map)]]))(logits);
    const [last, before] = lastTwo(maps);
    const mean = div(add(without(last), without(before)), 2);
    return mul(energyOf(div(mean, temperature)), temperature);
  },
});
