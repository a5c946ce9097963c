/** Stage "init": the model that students start from, with the head that it starts with. */
import { oalError } from "oal-core";
import { nameOf } from "../../models/modelName.js";
import type { Stage } from "../plan/stage.js";
import { saveClassifier } from "./classifierArtifact.js";
import { accuracyOn } from "./classifierTraining.js";
import { saveImported } from "./imported.js";
import { headFor } from "./importedHead.js";
import { frozenLayers, initNetwork, trainedSentence } from "./initNetwork.js";

/** The start of the students: a classifier artifact, of which nothing is trained but its head. */
export const initStage: Stage = {
  id: "init",
  version: 2,
  title: "the model that students start from, with its head",
  variants: ({ init }) => (init.model === undefined ? [] : [""]),
  slice: ({ config, data, models }) => {
    const { model: _path, views: _views, ...options } = config.init;
    const { hash: model, normalisation } = models.init ?? {};
    const order = normalisation?.order;
    return { model, order, options, classNames: data.classNames, normalisation: data.normalisation };
  },
  inputs: () => ({}),
  sets: ({ train, validation }) => ({ train: train.set, validation: validation.set }),
  effort: ({ data, models }) => ({ unit: models.init?.hash, amount: data.train.set.count }),
  async run(job) {
    const { config, data, folder, events, models, engine } = job;
    const model = models.init;
    if (!model) throw oalError("OAL-X101", { problem: "stage init without a model" });
    const { normalisation, classNames, train } = data;
    const name = nameOf(model.path);
    const { head, sentence } = await headFor(model, {
      name,
      classNames,
      pictures: train.set,
      engine,
      batchSize: config.evaluation.batchSize,
      onProgress: (done, total) => {
        job.signal.throwIfAborted();
        events.progress(done, total, { text: "features of the training pictures" });
      },
    });
    events.message(sentence);
    const made = initNetwork(config, model, head);
    const { network, parts } = made;
    events.message(trainedSentence(made));
    await saveImported(folder, parts);
    const options = { classes: classNames.length, imageSize: train.set.height };
    const choice = { id: name, options, imported: network };
    await saveClassifier(folder, new Map(), { network: choice, normalisation, classNames }, folder);
    const { accuracy } = await accuracyOn(folder, data.validation.set, job);
    return {
      metrics: { validationAccuracy: accuracy, layers: network.anatomy.depth, frozen: frozenLayers(network) },
    };
  },
};
