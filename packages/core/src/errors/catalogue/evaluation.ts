/** Family E: evaluation (exit status 6). */
import { entry } from "../entry.js";

export const evaluationErrors = {
  "OAL-E101": entry<{ metric: string; index: number }>({
    title: "a score is not a number",
    exit: 6,
    message: ({ metric, index }) => `${metric}: the score at index ${index} is NaN`,
    remedy: "look at the detector that produced the scores; infinite scores are legal, NaN is not",
  }),
  "OAL-E102": entry<{ metric: string; side: "ID" | "OOD" }>({
    title: "one side of a comparison is empty",
    exit: 6,
    message: ({ metric, side }) => `${metric}: there is no ${side} sample`,
    remedy: "give at least one image on either side",
  }),
  "OAL-E103": entry<{ metric: string; index: number; label: number; classes: number }>({
    title: "a label is no class",
    exit: 6,
    message: ({ metric, index, label, classes }) =>
      `${metric}: the label at index ${index} is ${label}, the classes are 0 to ${classes - 1}`,
    remedy: "check that the labels belong to this model; OOD samples (label -1) have no place in this metric",
  }),
  "OAL-E104": entry<{ what: string; expected: string; found: string }>({
    title: "paired scores of different samples",
    exit: 6,
    message: ({ what, expected, found }) => `${what}: ${found} scores where ${expected} are expected`,
    remedy: "score the same images, in the same order, with everything that is compared",
  }),
  "OAL-E201": entry<{ id: string; near: string | undefined }>({
    title: "unknown detector",
    exit: 2,
    message: ({ id, near }) =>
      `unknown detector "${id}"` + (near === undefined ? "" : `; did you mean "${near}"?`),
    remedy: "oal list detectors shows every detector",
  }),
  "OAL-E202": entry<{ detector: string; parameter: string; range: string; found: string }>({
    title: "a detector's hyper-parameter is out of range",
    exit: 2,
    message: ({ detector, parameter, range, found }) =>
      `detector ${detector}: ${parameter} must be ${range}, got ${found}`,
    remedy: "oal list detectors shows every parameter with its range and default",
  }),
  "OAL-E203": entry<{ detector: string; needs: string }>({
    title: "a detector lacks an input",
    exit: 6,
    message: ({ detector, needs }) =>
      `detector ${detector} needs ${needs}, which this evaluation does not provide`,
    remedy:
      "leave the detector out, or give what it needs: known images to fit on, a model that has that layer (oal inspect MODEL says which)",
  }),
  "OAL-E204": entry<{ detector: string; parameter: string; value: number; available: number }>({
    title: "a neighbour bank is too small",
    exit: 6,
    message: ({ detector, parameter, value, available }) =>
      `detector ${detector}: ${parameter} is ${value}, but the bank holds ${available} features`,
    remedy: "choose a smaller number of neighbours, or fit on more training images",
  }),
  "OAL-E205": entry<{ path: string; line: number; reason: string }>({
    title: "a score file cannot be read",
    exit: 6,
    message: ({ path, line, reason }) => `${path}:${line}: ${reason}`,
    remedy: "write the scores anew with oal evaluate",
  }),
  "OAL-E206": entry<{ path: string; reason: string }>({
    title: "a score archive cannot be read",
    exit: 6,
    message: ({ path, reason }) => `${path}: ${reason}`,
    remedy: "an archive holds conf.npy, and optionally label.npy and pred.npy, as numpy.savez writes them",
  }),
  "OAL-E207": entry<{ name: string }>({
    title: "two sets of one name",
    exit: 6,
    message: ({ name }) => `two sets of this evaluation are called "${name}"`,
    remedy: "give every set a name of its own; scores are stored under it",
  }),
  "OAL-E210": entry<{ keep: number }>({
    title: "a threshold cannot keep this share",
    exit: 6,
    message: ({ keep }) => `a threshold cannot keep a share of ${keep} of the ID validation samples`,
    remedy: "give a share above 0 and at most 1; 0.95 is the field's operating point",
  }),
  "OAL-E211": entry<{ ask: number; target: number }>({
    title: "the cut for asking lies below the cut for unknown",
    exit: 6,
    message: ({ ask, target }) =>
      `a person is to be asked about all but ${ask} of the known pictures, but ${target} of them are to be kept`,
    remedy: "give a share for asking that is at most the share to keep",
  }),
  "OAL-E212": entry<{ problem: string }>({
    title: "a stored decision cannot be read",
    exit: 6,
    message: ({ problem }) => `a stored decision is damaged: ${problem}`,
    remedy: "run the evaluation again; it stores the decision anew",
  }),
  "OAL-E213": entry<{ tap: string; known: readonly string[] }>({
    title: "a model does not show a value",
    exit: 6,
    message: ({ tap, known }) => `the model has no tap "${tap}"; it shows ${known.join(", ")}`,
    remedy: "leave out what needs this value, or use a model that shows it",
  }),
  "OAL-E214": entry<{ detector: string; known: readonly string[] }>({
    title: "a model does not hold this detector",
    exit: 2,
    message: ({ detector, known }) => `the model holds ${known.join(", ")}, not ${detector}`,
    remedy:
      "for a run name it in evaluation.storedDetectors and run the same command again: nothing is trained anew, the model is measured and written again; for a fit name it in --detectors of oal fit",
  }),
  "OAL-E215": entry<Record<string, never>>({
    title: "the model was released",
    exit: 6,
    message: () => "the model was released and scores no more pictures",
    remedy: "release a model after its last picture, or open it again",
  }),
  "OAL-E216": entry<{ path: string; detector: string; id: string }>({
    title: "a model gives no number",
    exit: 6,
    message: ({ path, detector, id }) => `${path}: ${detector} of ${id} is not a number`,
    remedy:
      "a model file that was changed after it was written scores like this: copy it again, or have oal report with its run folder write it again",
  }),
  "OAL-E230": entry<{ model: string; expected: readonly number[]; found: readonly number[] }>({
    title: "models of different seeds are compared",
    exit: 6,
    message: ({ model, expected, found }) =>
      `${model} has the seeds ${found.join(", ") || "of no run"} where the others have ${expected.join(", ")}`,
    remedy: "give every model's scores for the same seeds, in the same order",
  }),
  "OAL-E231": entry<{ path: string; missing: number; store: string; lacks: readonly string[] }>({
    title: "a copied run lacks what was asked for",
    exit: 6,
    message: ({ path, missing, store, lacks }) =>
      `${path} lacks ${lacks.join(" and ")}, and ${missing} artifacts they could be made from are not in the store ${store}`,
    remedy:
      "name the store it was made with by OAL_STORE, or copy that too; oal run with the folder makes everything again, training included",
  }),
  "OAL-E240": entry<{ detector: string; problem: string }>({
    title: "a detector's fit does not give what it names",
    exit: 6,
    message: ({ detector, problem }) => `detector ${detector}: ${problem}`,
    remedy:
      "this is a fault of the detector's own code: its fit must return the tensors it names, without NaN",
  }),
  "OAL-E241": entry<{ detector: string; found: string; count: number | string }>({
    title: "a detector's score is not one number per image",
    exit: 6,
    message: ({ detector, found, count }) =>
      `detector ${detector}: its score must be float32[${count}], one number per image, it is ${found}`,
    remedy: "this is a fault of the detector's own code: reduce or reshape the score to one axis",
  }),
  "OAL-E242": entry<{ detector: string; bytes: number; largest: number }>({
    title: "a bank is too large to be part of a graph",
    exit: 6,
    message: ({ detector, bytes, largest }) =>
      `detector ${detector}: its bank has ${Math.ceil(bytes / 2 ** 20)} MB, more than the ${Math.floor(largest / 2 ** 20)} MB that one file may hold`,
    remedy: "use the detector's variant with a sampled bank, or another detector",
  }),
  "OAL-E243": entry<{ detector: string }>({
    title: "a detector is named twice",
    exit: 2,
    message: ({ detector }) => `detector ${detector} is named twice`,
    remedy: "name every detector once; tables and score files have one column for each",
  }),
  "OAL-E250": entry<{ expected: string; found: string }>({
    title: "a new last layer does not fit a model's features",
    exit: 6,
    message: ({ expected, found }) => `a last layer of ${found} where the features need ${expected}`,
    remedy: "fit the layer on the features of this very model",
  }),
  "OAL-E251": entry<{ tap: string }>({
    title: "a model leaves the width of a value open",
    exit: 6,
    message: ({ tap }) => `the model does not say how many numbers its ${tap} have`,
    remedy: "name another value (--features, --logits), or export the model with fixed sizes",
  }),
  "OAL-E252": entry<{ path: string }>({
    title: "a model gives no numbers",
    exit: 6,
    message: ({ path }) => `${path}: what the model says of a picture is not a number`,
    remedy:
      "give another normalisation of the pixels (--mean with --std); a model that was cut to half precision may overflow",
  }),
  "OAL-E253": entry<{ path: string }>({
    title: "a model has no classes of its own",
    exit: 2,
    message: ({ path }) => `${path} gives features only: it has no classes that could be known`,
    remedy: "leave --known model out; a last layer is then fitted for the folder's classes",
  }),
  "OAL-E254": entry<{ path: string; pictures: number }>({
    title: "too few known pictures",
    exit: 6,
    message: ({ path, pictures }) =>
      `${path} has ${pictures === 1 ? "1 picture" : `${pictures} pictures`} that can be used: none is left to calibrate with`,
    remedy:
      "give every class two pictures or more; 60 a class make a decision whose meaning can be trusted, and figures with intervals worth reading",
  }),
  "OAL-E255": entry<{ path: string; file: string }>({
    title: "the folder for a fit holds something else",
    exit: 2,
    message: ({ path, file }) => `${path} is not the folder of an earlier fit, and holds ${file}`,
    remedy: "name another folder with --out; a folder that a fit made is written anew",
  }),
  "OAL-E256": entry<{ path: string; problem: string }>({
    title: "no detector can be used",
    exit: 6,
    message: ({ path, problem }) => `${path}: no detector is left: ${problem}`,
    remedy:
      "name detectors of features and class scores (oal explain NAME says how one runs), or a value for the features (--features); give two classes or more",
  }),
  "OAL-E257": entry<{ path: string; found: number; wanted: number }>({
    title: "a fit of another version of oal",
    exit: 3,
    message: ({ path, found, wanted }) => `${path} has the format ${found}; this oal reads format ${wanted}`,
    remedy: "fit the model again: oal fit MODEL --id FOLDER --out with the folder writes it anew",
  }),
  "OAL-E270": entry<{ detector: string; keep: number; count: number }>({
    title: "a share to keep that the stored calibration cannot promise",
    exit: 2,
    message: ({ detector, keep, count }) =>
      `${detector} was calibrated on ${count} pictures, which can promise to keep at most ${((100 * count) / (count + 1)).toFixed(1)} % of the known ones, not ${Number((100 * keep).toFixed(4))} %`,
    remedy:
      "keep less, or calibrate on more pictures: oal fit MODEL --id FOLDER with a larger folder, or a run with more validation images",
  }),
  "OAL-E271": entry<{ detector: string; keep: number }>({
    title: "cuts of classes cannot be moved",
    exit: 2,
    message: ({ detector, keep }) =>
      `${detector} has a cut for every class, and the model file does not hold the calibration scores by class that another share (${keep}) needs`,
    remedy: "fit it again: oal fit MODEL --id FOLDER --per-class --keep SHARE",
  }),
  "OAL-E272": entry<Record<string, never>>({
    title: "8 bits need pictures",
    exit: 2,
    message: () => "numbers of 8 bits need pictures that tell how far the numbers inside the network reach",
    remedy:
      "add --pictures FOLDER with a hundred or so of the known pictures, or export a run whose data are still there",
  }),
  "OAL-E273": entry<{ form: string }>({
    title: "no picture to measure the exported model on",
    exit: 3,
    message: ({ form }) =>
      `none of the pictures can be read and has the size ${form} that the exported model takes`,
    remedy: "give --pictures a folder with readable pictures of that size, or leave it out",
  }),
  "OAL-E274": entry<Record<string, never>>({
    title: "nothing to compute with 8 bits",
    exit: 6,
    message: () =>
      "before its last layer the network has no matrix product and no convolution of five input channels or more (of fewer it is no quicker with 8 bits) whose weights are known float32 numbers: it is too small, or holds fewer bits already",
    remedy: "export it as it is; a file that holds fewer bits already, from the one with 32 bits",
  }),
  "OAL-E275": entry<{ problem: string }>({
    title: "options of an export that do not go together",
    exit: 2,
    message: ({ problem }) => problem,
    remedy: "see oal export --help",
  }),
  "OAL-E276": entry<{ keep: number }>({
    title: "a share that no cut keeps",
    exit: 2,
    message: ({ keep }) => `a cut keeps a share of the known pictures between 0 and 1, not ${keep}`,
    remedy: "give a number like 0.95; a file that calls every picture known needs no cut",
  }),
  "OAL-E277": entry<{ detector: string; model: string; problem: string }>({
    title: "a search lacks the detector that it compares by",
    exit: 6,
    message: ({ detector, model, problem }) => `${detector} has no AUROC for a student ${model}: ${problem}`,
    remedy: "compare by another detector (--detector), one that every student can have",
  }),
  "OAL-E278": entry<{ detector: string; operator: string; path: string }>({
    title: "a model has no gradient where a detector needs one",
    exit: 6,
    message: ({ detector, operator, path }) =>
      `detector ${detector} needs the gradient of the model, and its ${operator}${path === "" ? "" : ` at ${path}`} has none`,
    remedy: "leave the detector out; others look at features and class scores alone (oal explain NAME)",
  }),
  "OAL-E290": entry<{ detector: string; category: number; what: string }>({
    title: "a class is missing from what a detector is fitted on",
    exit: 6,
    message: ({ detector, category, what }) =>
      `detector ${detector}: class ${category} (counted from 0) has no ${what} among those that it is fitted on`,
    remedy: "give images of every class, or leave the detector out",
  }),
  "OAL-E291": entry<{ detector: string; parameter: string; value: number; features: number }>({
    title: "a detector asks for more dimensions than there are",
    exit: 6,
    message: ({ detector, parameter, value, features }) =>
      `detector ${detector}: ${parameter} is ${value}, but the features have ${features} numbers`,
    remedy: "choose fewer dimensions than features",
  }),
  "OAL-E292": entry<{ detector: string; problem: string }>({
    title: "the images do not allow a detector",
    exit: 6,
    message: ({ detector, problem }) => `detector ${detector}: ${problem}`,
    remedy: "give more images, or leave the detector out",
  }),
  "OAL-E293": entry<{ path: string; problem: string }>({
    title: "a file of scores cannot be read",
    exit: 6,
    message: ({ path, problem }) => `${path}: ${problem}`,
    remedy: "give CSV with a header, npz or npy of numpy, JSON lines or Parquet, with a number in every row",
  }),
  "OAL-E294": entry<{ problem: string }>({
    title: "score files do not say what is known and what is not",
    exit: 6,
    message: ({ problem }) => problem,
    remedy: "oal metrics --help shows how files say it",
  }),
  "OAL-E295": entry<{ detector: string; set: string; image: string }>({
    title: "a detector gives an image no score",
    exit: 6,
    message: ({ detector, set, image }) =>
      `detector ${detector}: its score of ${image} (set ${set}) is NaN: its formula has no value for what the model says of this image`,
    remedy:
      "leave the detector out; features below 0 or all 0 have no value in several formulas (oal explain NAME)",
  }),
};
