// What detectors cost beside the pass that serves them all: 50,000 training and 60,000 test images, ResNet-18. The pass is measured on a
// few images; the detectors are fitted and scored at full size, on features as a trained network has them (classes apart, never negative).
import { detectors, float32Tensor, Random } from "../../packages/core/dist/index.js";
import { openAlgebra } from "../../packages/oal/dist/evaluation/algebra.js";
import { fitDetector, fitGround } from "../../packages/oal/dist/evaluation/fit.js";
import { outputsInMemory } from "../../packages/oal/dist/evaluation/outputs.js";
import { scoreSets } from "../../packages/oal/dist/evaluation/score.js";
import { ourInference } from "../steps/inference.mjs";
import { engineOf } from "../steps/trainingStep.mjs";

/** Twenty that OpenOOD's board has, of logits, features and the last layer. */
const twenty =
  "msp,mls,ebo,gen,temp_scaling,klm,openmax,mds,rmds,vim,residual,knn,react,ash_s,scale,dice,she,gradnorm,fdbd,nnguide";

/** Centres of the classes, which are the rows of the last layer too. */
function headOf({ classes, width }) {
  const centres = new Random(2, "bench/detectors").normals(0, classes * width).map((x) => Math.max(0, x));
  const scale = 10 / width;
  return {
    centres,
    head: {
      weight: float32Tensor(
        [classes, width],
        centres.map((x) => scale * (x - 0.4)),
      ),
      bias: float32Tensor([classes], new Float32Array(classes)),
    },
  };
}

function setOf(name, group, count, { classes, width }) {
  const { centres, head } = headOf({ classes, width });
  const random = new Random(3, `bench/detectors/${name}`);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const features = new Float32Array(count * width);
  const logits = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) {
    const row = features.subarray(i * width, (i + 1) * width);
    random.quickNormals(i, width, row);
    // one image of 31 looks like another class: a network is not always right
    const first = ((labels[i] + (i % 31 === 0 ? 1 : 0)) % classes) * width;
    for (let j = 0; j < width; j++) row[j] = Math.max(0, centres[first + j] + 0.7 * row[j]);
    for (let c = 0; c < classes; c++) {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += head.weight.data[c * width + j] * row[j];
      logits[i * classes + c] = sum;
    }
  }
  const ids = Array.from(labels, (_, i) => String(i));
  return outputsInMemory({ name, group, labels, ids, logits, features }, { classes, featureSize: width });
}

/** Contestants that fit and score detectors; `told` says on standard error what each took. */
function measured(ids) {
  return async (settings) => {
    const engine = await engineOf(settings);
    const { head } = headOf(settings);
    const train = setOf("train", "train", settings.train, settings);
    const sets = [train, setOf("validation", "validation", settings.validation, settings)];
    const test = setOf("test", "test", settings.test, settings);
    const asked = ids.map((id) => ({ detector: detectors.find(id), parameters: {} }));
    return {
      facts: { "ONNX Runtime": engine.facts.version },
      step: async () => {
        const algebra = openAlgebra(engine);
        const ground = await fitGround(engine, sets, undefined, asked, { head, algebra });
        for (const each of asked) {
          const start = performance.now();
          const outcome = await fitDetector(each, ground);
          if (outcome.reason) throw outcome.reason;
          const fitted = performance.now();
          await scoreSets(outcome.fitted, [test], { engine, head });
          if (settings.told)
            console.error(
              `${each.detector.id}: fitted in ${((fitted - start) / 1000).toFixed(2)} s, scored in ${((performance.now() - fitted) / 1000).toFixed(2)} s`,
            );
        }
        await algebra.close();
      },
    };
  };
}

export default {
  title: ({ train, test }) =>
    `twenty detectors beside the pass of ResNet-18 that serves them, ${train} training and ${test} test images`,
  unit: "ms an image",
  settings: {
    network: "resnet18_32x32",
    options: {},
    side: 32,
    classes: 10,
    batch: 64,
    runs: 4,
    width: 512,
    train: 50_000,
    validation: 1000,
    test: 60_000,
    told: false,
  },
  short: { options: { width: 16 }, runs: 1, batch: 8, width: 32, train: 600, validation: 300, test: 100 },
  goals: { must: 0.3, atMost: true },
  warm: false,
  repetitions: 3,
  contestants: {
    "the pass": {
      work: ({ runs, batch }) => runs * batch,
      make: async (settings) => {
        const { check: _, ...pass } = await ourInference()(settings);
        return pass;
      },
    },
    "twenty detectors": {
      repetitions: 1,
      work: ({ train, test }) => train + test,
      make: measured(twenty.split(",")),
    },
  },
  ratios: () => [{ of: "twenty detectors", over: "the pass", called: "twenty detectors : the pass" }],
};
