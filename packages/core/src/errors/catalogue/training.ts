/** Family T: training (exit status 5). */
import { entry } from "../entry.js";

export const trainingErrors = {
  "OAL-T101": entry<{ stage: string; step: number; term: string; value: number }>({
    title: "loss or parameter is not finite",
    exit: 5,
    message: ({ stage, step, term, value }) => `${stage}: "${term}" became ${value} at step ${step}`,
    remedy:
      "the last good checkpoint was kept; lower the learning rate or the weight of that term and run again",
  }),
  "OAL-T130": entry<{ path: string; found: string; wanted: string }>({
    title: "checkpoint of another training",
    exit: 5,
    message: ({ path, found, wanted }) => `${path} is of training ${found}, not of ${wanted}`,
    remedy: "give this training a checkpoint folder of its own, or delete that folder to start it anew",
  }),
  "OAL-T110": entry<{ method: string; need: string; near?: string | undefined }>({
    title: "a training method lacks its side data",
    exit: 5,
    message: ({ method, need, near }) =>
      `training method ${method} needs side data "${need}", which this training does not have` +
      (near ? ` (is it "${near}"?)` : ""),
    remedy: "give it to the training by this name, or set the weights of the terms that read it to 0",
  }),
  "OAL-T111": entry<{ at: string; problem: string }>({
    title: "a training method's setting cannot be used",
    exit: 2,
    message: ({ at, problem }) => `setting ${at} of the training methods: ${problem}`,
    remedy: "oal config shows every setting with its range; sections bear the configuration's names",
  }),
  "OAL-T112": entry<{ recipe: string; problem: string }>({
    title: "a recipe cannot be used",
    exit: 2,
    message: ({ recipe, problem }) => `recipe ${recipe}: ${problem}`,
    remedy: "oal list recipes and oal list methods show what exists; a recipe names each of its methods once",
  }),
  "OAL-T113": entry<{ method: string; term: string; problem: string }>({
    title: "a training method's term cannot be used",
    exit: 5,
    message: ({ method, term, problem }) => `training method ${method}: term "${term}" ${problem}`,
    remedy: "a method declares every term by name, with its weight or the option that holds it",
  }),
  "OAL-T131": entry<{ model: string; problem: string }>({
    title: "a model cannot be trained",
    exit: 2,
    message: ({ model, problem }) => `${model} cannot be trained: ${problem}`,
    remedy:
      "export it with float32 weights and its inner values (oal inspect MODEL shows what was found); oal fit takes a model as it is",
  }),
  "OAL-T132": entry<{ what: string }>({
    title: "pictures are asked for where a frozen part's values stand in for them",
    exit: 2,
    message: ({ what }) =>
      `${what} needs the pictures of every step, but the frozen part was computed before`,
    remedy:
      "set init.views to 0, which computes the frozen part in every step; for the teacher kd.teacherView: clean will do",
  }),
  "OAL-T150": entry<{ first: string; second: string; piece: string }>({
    title: "two classes with one token",
    exit: 2,
    message: ({ first, second, piece }) =>
      `"${first}" and "${second}" have the word-piece "${piece}" in common, which outliers shall stand for: no features can be turned into the tokens of both`,
    remedy:
      "call one of them by another word with synthesis.names: {CLASS: name}, or leave the features as they are: synthesis.align: false",
  }),
  "OAL-T133": entry<{ method: string }>({
    title: "a training method needs a linear last layer",
    exit: 2,
    message: ({ method }) =>
      `training method ${method} shows features to the last layer, and that of this network is not linear`,
    remedy: "take another recipe (oal list recipes), or a network with a linear head",
  }),
  "OAL-T134": entry<{ path: string; problem: string }>({
    title: "outliers of a file cannot be used",
    exit: 2,
    message: ({ path, problem }) => `${path}: ${problem}`,
    remedy:
      "give latents as float32 [iterations, batch, 4, H, W] or, with the mean over channels, [iterations, batch, H, W]; embeddings as [classes, per class, D] or [count, D]; as .npy, or as .safetensors with labels",
  }),
  "OAL-T135": entry<{ at: string; path: string; problem: string }>({
    title: "outliers of a file do not fit the run",
    exit: 2,
    message: ({ at, path, problem }) => `${at}: ${path} ${problem}`,
    remedy:
      "give outliers of this run's classes and features; without labels only mi.pairing: random can use them",
  }),
  "OAL-T136": entry<{ source: string }>({
    title: "outliers that need two classes",
    exit: 2,
    message: ({ source }) =>
      `outlier source ${source} puts pictures of two classes together, and all training pictures are of one`,
    remedy: "take another source (oal list outliers), or training pictures of more classes",
  }),
  "OAL-T140": entry<{ recipe: string; images: number; batch: number; rest: number }>({
    title: "the published code cannot train on so many images",
    exit: 2,
    message: ({ recipe, images, batch, rest }) =>
      `student ${recipe}: as published (fixes.r10: false) a step draws 128 outliers and the last of an epoch 80, but ${images} images in steps of ${batch} ${rest === 0 ? "leave no rest" : `leave ${rest}`}`,
    remedy:
      "set fixes.r10 to true, which draws as many outliers as images; or take steps of 128 (student.batchSize=128) and 50,000, 2,000 or another number of images that leaves 80",
  }),
  "OAL-T141": entry<{ teacher: number; student: number }>({
    title: "the teacher does not take the student's pictures",
    exit: 2,
    message: ({ teacher, student }) =>
      `as published (fixes.r12: false) the teacher gets the student's pictures, of ${student} pixels a side, but it takes ${teacher}`,
    remedy: "set data.size to the teacher's size, or fixes.r12 to true, which resizes them for it",
  }),
  "OAL-T142": entry<{ detector: string; head: string }>({
    title: "a detector needs a trained head",
    exit: 6,
    message: ({ detector, head }) =>
      `detector ${detector} reads the trained head "${head}", which this model was trained without`,
    remedy:
      "train the model with a method that makes this head (oal list methods names the heads), or leave the detector out",
  }),
  "OAL-T143": entry<{ method: string; head: string; problem: string }>({
    title: "a head of a training method is not as declared",
    exit: 5,
    message: ({ method, head, problem }) => `training method ${method}: head "${head}" ${problem}`,
    remedy:
      "let the method's `outputs` return every head that its `heads` name, float32 [N, k], each name in one method of a recipe",
  }),
};
