// Boundary sampling at the published sizes, against the published way (NPOS): every candidate formed, a flat index asked for its K nearest.
import { writeArrays } from "../harness/arrays.mjs";
import { embeddingsOf, ourBoundary } from "../steps/boundary.mjs";

const rounds = ({ classes, rounds: each }) => classes * each;

export default {
  title: ({ classes, rounds: each, perClass, width, noise }) =>
    `boundary sampling, ${classes} classes x ${each} rounds x ${perClass} embeddings x ${width}, ${noise} candidates for each of 50 anchors`,
  unit: "ms a class and round",
  repetitions: 2,
  warm: false,
  settings: {
    classes: 10,
    perClass: 500,
    width: 768,
    rounds: 10,
    k: 300,
    select: 50,
    anchors: 50,
    noise: 1500,
    keep: 2,
    sigma: 0.07,
  },
  short: { classes: 2, perClass: 20, width: 16, rounds: 2, k: 5, select: 5, anchors: 2, noise: 10 },
  prepare: async (settings, folder) => {
    const { embeddings, labels } = embeddingsOf(settings);
    writeArrays(folder, {
      embeddings: { dtype: "float32", shape: [labels.length, settings.width], data: embeddings },
      labels: { dtype: "int32", shape: [labels.length], data: labels },
    });
  },
  contestants: {
    // as published: the anchors of a round share their noise
    oal: { make: ourBoundary({ noiseSharing: "round" }), work: rounds },
    // the default, at one class and round of many alike
    "oal, noise of every anchor": {
      settings: { classes: 1, rounds: 1 },
      make: ourBoundary({ noiseSharing: "anchor" }),
      work: () => 1,
    },
    // one class and round: the others are like it
    faiss: { needs: "faiss", python: "boundary", work: () => 1 },
  },
};
