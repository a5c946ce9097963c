/** The thread of a training, which only the built program can start. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { float32Tensor } from "../packages/core/dist/index.js";
import { writeSafetensors } from "../packages/oal/dist/nn/safetensors.js";
import { trainInWorker } from "../packages/oal/dist/pipeline/trainInWorker.js";
import type { TrainingEvent } from "../packages/oal/dist/training/trainer.js";

const folder = mkdtempSync(join(tmpdir(), "oal-thread-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("what a listener throws ends the training, not the program; of a finished one it hears what computed it", async () => {
  const result = join(folder, "result.safetensors");
  const engines = [{ device: "cpu", name: "onnxruntime-node", version: "0.1.2", blockSize: 8 }];
  const metadata = { engines: JSON.stringify(engines) };
  await writeSafetensors(result, new Map([["weight", float32Tensor([1], [1])]]), metadata);
  const heard: TrainingEvent[] = [];
  const full = new Error("no space left on the device");
  const training = trainInWorker(
    {
      job: {
        kind: "alignment",
        training: {
          name: "alignment",
          seed: 1,
          steps: 7,
          optimizer: { id: "adam" },
          schedule: { id: "constant", rate: 0.1, warmup: 0 },
        },
        embeddings: "unread",
        anchors: "unread",
        batchSize: 1,
        temperature: 1,
        result,
      },
      engine: { device: "cpu", threads: 1 },
    },
    (event) => {
      heard.push(event);
      throw full;
    },
  );
  await expect(training).rejects.toBe(full);
  expect(heard).toEqual([{ kind: "resumed", step: 7, total: 7, engines }]);
});
