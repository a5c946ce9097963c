/** The end of worker threads that run an engine. */
import type { Worker } from "node:worker_threads";

/**
 * Ends a thread. One that is computing is asked to stop, with the message "stop", and is heard out first: the native engine ends the whole
 * process when a thread is taken away in the middle of a call.
 *
 * @param isBusy  whether it was sent work that it has not answered
 * @param isLast  whether a message is the answer, behind which it computes nothing more
 */
export async function endWorker<Message>(
  worker: Worker,
  isBusy: boolean,
  isLast: (message: Message) => boolean,
): Promise<void> {
  if (isBusy) {
    const silent = new Promise<void>((resolve) => {
      worker.on("message", (message: Message) => {
        if (isLast(message)) resolve();
      });
      worker.once("error", () => resolve());
      worker.once("exit", () => resolve());
    });
    worker.postMessage("stop");
    await silent;
  }
  await worker.terminate();
}
