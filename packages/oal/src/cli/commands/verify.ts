/** `oal data verify`: hashes decoded sets, or a run's artifacts, and names those that are damaged. */
import { oalError } from "oal-core";
import { tellBeside } from "../failure.js";
import { interruptible } from "../interrupt.js";
import { showProgress } from "../progress.js";

/**
 * Verifies and prints one line per set or artifact; the exit status is that of OAL-I130, which names what is damaged.
 *
 * @throws OAL-D101 when the path does not exist, OAL-I132 when there is nothing to verify
 */
export async function verifyCommand(
  path: string | undefined,
  options: { readonly json?: boolean },
): Promise<void> {
  const { cacheFolder } = await import("../../data/cacheFolder.js");
  const { verifyData } = await import("../../pipeline/verifyData.js");
  const where = path ?? cacheFolder();
  const view = showProgress();
  const began = Date.now();
  let shown = 0;
  const onProgress = (done: number, total: number): void => {
    const time = Date.now();
    // what is done within two seconds needs no bar
    if (time - began < 2000 || time - shown < 250) return;
    shown = time;
    const megabytes = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
    view.show({
      time,
      stage: "verify",
      kind: "progress",
      step: megabytes(done),
      total: megabytes(total),
      text: "MB",
    });
  };
  const found = await interruptible({ resumes: false, note: (text) => view.note(text) }, (signal) =>
    verifyData(where, { signal, onProgress }),
  ).finally(() => view.close());
  const damaged = found.filter(({ problem }) => problem !== null);
  if (options.json) process.stdout.write(JSON.stringify({ path: where, verified: found }, null, 2) + "\n");
  else if (damaged.length === 0)
    process.stdout.write(`${found.map(({ folder, name }) => `intact  ${name}  ${folder}`).join("\n")}\n`);
  if (damaged.length > 0) {
    const lines = damaged.map(({ problem }) => problem ?? "");
    tellBeside(oalError("OAL-I130", { path: where, damaged: lines, total: found.length }));
  }
}
