/** Stage "frozen": what the frozen part of the model says of fixed views of every training picture. */
import {
  float32Data,
  Graph,
  normaliseImages,
  oalError,
  uint8Tensor,
  type Engine,
  type Normalisation,
  type Session,
} from "oal-core";
import { rowStore } from "../../evaluation/rowFiles.js";
import type { ImportedNetwork } from "../../nn/imported/index.js";
import { passRows } from "../../runtime/passRows.js";
import { viewOf } from "../../training/cutViews.js";
import type { Stage } from "../plan/stage.js";
import { augmentationOf } from "./context.js";
import { rowsName, writeCutIndex } from "./cutViewsArtifact.js";
import { loadImported } from "./imported.js";

/** Values at the cut, a row per picture and view. */
export const frozenStage: Stage = {
  id: "frozen",
  version: 1,
  title: "what the frozen part of the model says of every training picture",
  variants: ({ init }) => (init.model === undefined || init.frozen === 0 || init.views === 0 ? [] : [""]),
  slice: ({ config, data }) => ({
    views: config.init.views,
    augmentation: config.init.views > 1 ? augmentationOf(config.student) : null,
    normalisation: data.normalisation,
  }),
  inputs: () => ({ init: "init" }),
  sets: ({ train }) => ({ train: train.set }),
  effort: ({ config, data, models }) => ({
    unit: [models.init?.hash, config.init.frozen],
    amount: config.init.views * data.train.set.count,
  }),
  async run({ config, data, input, folder, events, engine, signal }) {
    const { set } = data.train;
    const { views } = config.init;
    const network = await loadImported(input("init").folder);
    const rows = passRows(config.evaluation.batchSize, set.height);
    const session = await frontSession(engine, network, data.normalisation, rows, set.height);
    // none of it stays in memory
    const store = rowStore(folder, 0);
    let shape: readonly number[] = [];
    try {
      let sink: ReturnType<typeof store.keep> | undefined;
      const all = set.count * views;
      for (let start = 0; start < all; start += rows) {
        signal.throwIfAborted();
        const end = Math.min(all, start + rows);
        const pixels = new Uint8Array(rows * 3 * set.height * set.width);
        pixels.set(pixelsOf(start, end));
        const { cut } = await session.run({ images: uint8Tensor([rows, 3, set.height, set.width], pixels) });
        if (!cut) throw oalError("OAL-X101", { problem: "a frozen part without output" });
        shape = cut.shape.slice(1);
        const width = shape.reduce((product, side) => product * side, 1);
        sink ??= store.keep(rowsName, width);
        sink.append(float32Data(cut).subarray(0, (end - start) * width));
        events.progress(end, all, { text: "views through the frozen part" });
        await new Promise((resolve) => setImmediate(resolve));
      }
      sink?.finish();
    } finally {
      store.close();
      await session.release();
    }
    await writeCutIndex(folder, { views, shape: [...shape], count: set.count });
    return { metrics: { views, width: shape.reduce((product, side) => product * side, 1) } };

    /** Rows `start` to `end` of the views: picture by picture, view by view. */
    function pixelsOf(start: number, end: number): Uint8Array {
      const size = 3 * set.height * set.width;
      const out = new Uint8Array((end - start) * size);
      for (let row = start; row < end; row++) {
        const picture = Math.floor(row / views);
        out.set(
          viewOf(set, [picture], row % views, config.seed, augmentationOf(config.student)),
          (row - start) * size,
        );
      }
      return out;
    }
  },
};

/** The frozen part for pictures of 8 bits. */
async function frontSession(
  engine: Engine,
  { split, id }: ImportedNetwork,
  normalisation: Normalisation,
  rows: number,
  size: number,
): Promise<Session> {
  if (!split) throw oalError("OAL-X101", { problem: `network ${id} has no cut` });
  const graph = new Graph();
  const images = graph.input("images", { dtype: "uint8", shape: [rows, 3, size, size] });
  graph.output("cut", split.before(normaliseImages(images, normalisation)));
  return engine.compile(graph);
}
