// One of every kind that a plugin may add to training, each as small as it can be; test/openRegistries.slow.test.ts uses them all.
export default ({
  graph,
  z,
  defineMethod,
  defineExposure,
  defineSource,
  defineOptimiser,
  defineSchedule,
  defineSampler,
}) => {
  const { add, mul, sub, reduceMean, gather, Random, int64Tensor } = graph;
  const text = { title: "test", source: "this test" };
  return {
    activations: [{ id: "half", ...text, apply: (x) => mul(x, 0.5) }],
    losses: [
      {
        id: "squares",
        ...text,
        value: (logits, targets) =>
          reduceMean(mul(sub(logits, targets), sub(logits, targets)), [0, 1], false),
      },
    ],
    optimisers: [
      defineOptimiser({
        id: "signless",
        ...text,
        schema: z.strictObject({ brake: z.number().default(1).describe("divides the rate") }),
        make: ({ brake }) => ({
          id: "signless",
          dividesDecay: false,
          stateNames: [],
          scalarNames: [],
          scalarsAt: () => ({}),
          update: (parameter, gradient, _state, { learningRate }) => ({
            parameter: sub(parameter, mul(mul(gradient, 1 / brake), learningRate)),
            state: {},
          }),
        }),
      }),
    ],
    schedules: [
      defineSchedule({
        id: "halving",
        ...text,
        schema: z.strictObject({ every: z.number().default(2).describe("steps") }),
        make:
          ({ every }) =>
          (step) => ({ factor: 0.5 ** Math.floor(step / every) }),
      }),
    ],
    methods: [
      defineMethod({
        id: "twin",
        ...text,
        section: "twin",
        about: "a second head",
        schema: z.strictObject({ weight: z.number().default(0.5).describe("weight of the head's loss") }),
        terms: {
          twin: { title: "loss of the second head", weight: "weight" },
          counted: { title: "side data", weight: null },
        },
        needs: () => ["count"],
        draws: (_options, { batchSize }) => ({
          order: {
            type: { dtype: "int64", shape: [batchSize] },
            at: (random, step) => int64Tensor([batchSize], [...random.permutation(step, batchSize)]),
          },
        }),
        batch: ({ images, labels, draws }) => ({
          images: mul(add(images, gather(images, draws("order"), 0)), 0.5),
          labels: mul(add(labels, gather(labels, draws("order"), 0)), 0.5),
        }),
        outputs: ({ context, logits, classes }) => ({
          second: add(
            logits,
            context.parameter("shift", [classes], (shape) => new Float32Array(shape[0])),
          ),
        }),
        inference: ({ outputs }) => outputs.second,
        build: ({ outputs, labels, side }) => {
          const gap = sub(outputs("second"), labels);
          return { twin: reduceMean(mul(gap, gap), [0, 1], false), counted: side("count") };
        },
      }),
    ],
    exposures: [
      defineExposure({
        id: "shrink",
        ...text,
        schema: z.strictObject({ shrinkWeight: z.number().default(0).describe("weight of small logits") }),
        terms: { shrink: { title: "square of outlier logits", weight: "shrinkWeight" } },
        weights: ["shrinkWeight"],
        build: ({ outliers }) => ({
          shrink: reduceMean(mul(outliers.logits, outliers.logits), [0, 1], false),
        }),
      }),
    ],
    recipes: [
      {
        id: "mine",
        title: "test",
        methods: [{ method: "crossEntropy" }, { method: "twin", weight: 2 }, { method: "exposure" }],
      },
    ],
    outlierSources: [
      defineSource({
        id: "static",
        ...text,
        formula: "every byte uniform",
        section: "static",
        schema: z.strictObject({ count: z.number().default(8).describe("pictures") }),
        open: async ({ seed, imageSize }, { count }) => ({
          count,
          pictures: (rows, step) =>
            Uint8Array.from(
              new Random(seed, "static").uniforms(step, rows.length * 3 * imageSize ** 2),
              (u) => 256 * u,
            ),
        }),
      }),
    ],
    sideSources: [
      {
        id: "counts",
        ...text,
        provides: ["count"],
        stages: () => ["counted"],
        open: async ({ folders }) => {
          const { readFileSync } = await import("node:fs");
          const { count } = JSON.parse(readFileSync(`${folders.counted}/count.json`, "utf8"));
          return [
            {
              name: "count",
              type: { dtype: "float32", shape: [] },
              rows: () => graph.float32Tensor([], [count]),
            },
          ];
        },
      },
    ],
    stages: [
      {
        id: "counted",
        version: 1,
        title: "counts outliers",
        variants: () => [""],
        slice: () => ({}),
        inputs: () => ({ latents: "latents" }),
        run: async ({ input, folder }) => {
          const { writeFileSync } = await import("node:fs");
          const { kept } = input("latents").manifest.metrics;
          writeFileSync(`${folder}/count.json`, JSON.stringify({ count: kept }));
          return { metrics: { count: kept } };
        },
      },
    ],
    samplers: [
      defineSampler({
        id: "jump",
        ...text,
        schema: z.strictObject({ reach: z.number().default(1).describe("of the jump") }),
        coefficientNames: ["keep"],
        usesNoise: () => false,
        coefficients: (grid, { reach }) => Array.from(grid.timesteps, () => [reach]),
        update: ({ latent, noisePrediction, coefficients }) => ({
          latent: sub(latent, mul(noisePrediction, mul(coefficients[0], 0.1))),
          dataPrediction: latent,
        }),
      }),
    ],
  };
};
