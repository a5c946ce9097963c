/** A thread of boundary sampling: samples the classes that it is sent, one after the other. Talks to the main thread by messages only. */
import { parentPort, workerData } from "node:worker_threads";
import { ClassSampler } from "../outliers/boundary/sampleClass.js";
import type { PreparedClass } from "../outliers/boundary/prepare.js";
import { cpuEngine } from "../runtime/engines/index.js";
import type { BoundaryMessage, BoundaryWorkerInput } from "./boundaryWorkers.js";
import { errorMessage } from "../runtime/workerError.js";

/** The sampler; the bank comes in memory that all threads share, which ONNX Runtime does not read. */
async function openSampler({ input, threads }: BoundaryWorkerInput): Promise<ClassSampler> {
  const unit = input.options.globalReject ? input.unit.slice() : input.unit;
  return ClassSampler.open(await cpuEngine({ threads, blocked: false }), { ...input, unit });
}

function main(given: BoundaryWorkerInput): void {
  const port = parentPort;
  if (!port) return;
  const tell = (message: BoundaryMessage): void => port.postMessage(message);
  let opened: Promise<ClassSampler> | undefined;
  let isStopped = false;
  const onRound = (): void => {
    if (isStopped) throw new Error("stopped");
    tell({ kind: "round" });
  };
  const sample = async (one: PreparedClass): Promise<void> => {
    try {
      const sampler = await (opened ??= openSampler(given));
      tell({ kind: "class", outliers: await sampler.sample(one, onRound) });
    } catch (thrown) {
      tell(errorMessage(thrown));
    }
  };
  port.on("message", (message: PreparedClass | "stop") => {
    if (message === "stop") isStopped = true;
    else void sample(message);
  });
}

const given: BoundaryWorkerInput = workerData;
main(given);
