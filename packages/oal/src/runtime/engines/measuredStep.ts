/** A training step whose time tells whether a device is worth having: small enough to be tried, large enough to be like those of a run. */
import {
  add,
  batchNormTraining,
  conv2d,
  float32Tensor,
  globalAveragePool,
  gradients,
  Graph,
  logSoftmax,
  matmul,
  mul,
  Random,
  reduceMean,
  relu,
  reshape,
  sizeOf,
  sub,
  type CarriedTensor,
  type Engine,
  type Shape,
  type Tensor,
  type Value,
} from "oal-core";

const [batch, side, classes] = [64, 32, 10];
/** Steps before the clock runs: shaders and buffers are made in them. */
const warming = 3;
/** Steps of which the shortest counts. */
const timed = 5;

/** Three convolutions with normalisation, cross-entropy, SGD with momentum: 6 GFLOP. */
function smallTraining(): {
  graph: Graph;
  carried: CarriedTensor[];
  state: Map<string, Tensor>;
  images: Tensor;
} {
  const graph = new Graph();
  const state = new Map<string, Tensor>();
  const parameters: Value[] = [];
  const carry = (name: string, shape: Shape, values: Float32Array): Value => {
    state.set(name, float32Tensor(shape, values));
    return graph.input(name, { dtype: "float32", shape });
  };
  const parameter = (name: string, shape: Shape, scale: number): Value => {
    const drawn = new Random(1, name).normals(0, sizeOf(shape)).map((value) => scale * value);
    const value = carry(name, shape, drawn);
    parameters.push(value);
    return value;
  };
  const layer = (name: string, x: Value, outs: number, stride: number): Value => {
    const ins = x.size(1);
    const weight = parameter(`${name}.weight`, [outs, ins, 3, 3], 1 / Math.sqrt(9 * ins));
    const maps = conv2d(x, weight, null, { pads: 1, strides: stride });
    const { y } = batchNormTraining(
      maps,
      parameter(`${name}.scale`, [outs], 1),
      parameter(`${name}.bias`, [outs], 0),
    );
    return relu(y);
  };
  const shape = [batch, 3, side, side];
  let x = graph.input("images", { dtype: "float32", shape });
  for (const [name, outs, stride] of [
    ["a", 32, 1],
    ["b", 64, 2],
    ["c", 64, 1],
  ] as const)
    x = layer(name, x, outs, stride);
  const logits = matmul(reshape(globalAveragePool(x), [batch, 64]), parameter("head", [64, classes], 0.1));
  const wanted = new Float32Array(batch * classes);
  for (let row = 0; row < batch; row++) wanted[row * classes + (row % classes)] = -classes;
  const labels = graph.constant(float32Tensor([batch, classes], wanted));
  const loss = reduceMean(mul(logSoftmax(logits), labels), [0, 1]);
  const carried: CarriedTensor[] = [];
  gradients(loss, parameters).forEach((slope, index) => {
    const value = parameters[index];
    if (!value) return;
    const { name } = value;
    const velocity = carry(`velocity.${name}`, value.shape, new Float32Array(sizeOf(value.shape)));
    const moved = add(mul(velocity, 0.9), slope);
    graph.output(`next.velocity.${name}`, moved);
    graph.output(`next.${name}`, sub(value, mul(moved, 0.01)));
    for (const each of [name, `velocity.${name}`]) carried.push({ name: each, next: `next.${each}` });
  });
  graph.output("loss", loss);
  const images = float32Tensor(shape, new Random(2, "images").normals(0, sizeOf(shape)));
  return { graph, carried, state, images };
}

/** Milliseconds of one step on an engine: the shortest of a few. */
export async function millisecondsAStep(engine: Engine): Promise<number> {
  const { graph, carried, state, images } = smallTraining();
  const stepper = await engine.stepper(graph, carried);
  try {
    await stepper.load(state);
    let shortest = Infinity;
    for (let step = 0; step < warming + timed; step++) {
      const start = performance.now();
      await stepper.step({ images });
      if (step >= warming) shortest = Math.min(shortest, performance.now() - start);
    }
    return shortest;
  } finally {
    await stepper.release();
  }
}
