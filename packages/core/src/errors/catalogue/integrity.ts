/** Family I: files, locks and integrity (exit status 7). */
import { entry } from "../entry.js";

export const integrityErrors = {
  "OAL-I101": entry<{ path: string; problem: string }>({
    title: "cannot write",
    exit: 7,
    message: ({ path, problem }) => `${path}: cannot write (${problem})`,
    remedy:
      "free space, or name a place that can be written: by the option that gives this path (--out, --thumbs); where none does, by the variable whose folder it lies in (OAL_STORE for what runs made, OAL_CACHE for caches, HF_HUB_CACHE for fetched models); then run the same command again, what was finished before is kept",
  }),
  "OAL-I102": entry<{ path: string; owner: string }>({
    title: "an artifact was taken over",
    exit: 7,
    message: ({ path, owner }) => `${path} was not kept: another process makes it now (${owner})`,
    remedy: "run the same command again: it waits for the other process, or goes on from its checkpoint",
  }),
  "OAL-I103": entry<{ path: string; problem: string }>({
    title: "damaged file",
    exit: 7,
    message: ({ path, problem }) => `${path} is damaged: ${problem}`,
    remedy:
      "copy it again where it is a copy; what lies in the store or the cache can be deleted, and the command that made it makes it again",
  }),
  "OAL-I104": entry<{ path: string; found: string; wanted: string }>({
    title: "run folder of another version",
    exit: 7,
    message: ({ path, found, wanted }) => `${path} was written by format ${found}, this oal writes ${wanted}`,
    remedy: "choose a new folder with --out, or use the version that wrote it",
  }),
  "OAL-I105": entry<{ path: string }>({
    title: "no run there",
    exit: 7,
    message: ({ path }) => `${path} holds no run`,
    remedy: "give the folder of a run, as runs/NAME; oal list runs shows those this store knows",
  }),
  "OAL-I106": entry<{ path: string; problem: string }>({
    title: "store cannot be written",
    exit: 7,
    message: ({ path, problem }) => `the store ${path} cannot be written (${problem})`,
    remedy: "OAL_STORE names another folder for what stages leave; free space or choose a writable one",
  }),
  "OAL-I111": entry<{ name: string; problem: string }>({
    title: "weights do not fit the network",
    exit: 7,
    message: ({ name, problem }) => `weights do not fit: ${name}: ${problem}`,
    remedy: "use the weights with the network, number of classes and widths they were made with",
  }),
  "OAL-I112": entry<{ path: string; problem: string }>({
    title: "cannot read file",
    exit: 7,
    message: ({ path, problem }) => `${path}: cannot read (${problem})`,
    remedy: "check that the path exists and may be read",
  }),
  "OAL-I130": entry<{ path: string; damaged: readonly string[]; total: number }>({
    title: "damaged data",
    exit: 7,
    message: ({ path, damaged, total }) =>
      `${path}: ${damaged.length} of ${total} damaged:${damaged.map((line) => `\n  ${line}`).join("")}`,
    remedy: "nothing is lost: the next run that needs one of them makes it again",
  }),
  "OAL-I131": entry<{ path: string; problem: string }>({
    title: "cannot write the cache",
    exit: 7,
    message: ({ path, problem }) => `the cache cannot be written: ${path} (${problem})`,
    remedy: "free space there, or set the environment variable OAL_CACHE to a folder on another disk",
  }),
  "OAL-I132": entry<{ path: string }>({
    title: "nothing to verify",
    exit: 7,
    message: ({ path }) => `${path} holds no decoded image set and no run`,
    remedy: "give the cache folder, one set in it, or a run folder; without a path the cache is verified",
  }),
  "OAL-I121": entry<{ path: string }>({
    title: "no model there",
    exit: 7,
    message: ({ path }) => `${path} holds no trained model with a detector`,
    remedy:
      "a model without a decision is fitted first: oal fit MODEL --id FOLDER of known pictures; else give what oal fit or oal export wrote, or a run folder that reached the evaluation",
  }),
  "OAL-I140": entry<{ problem: string }>({
    title: "standard output refused",
    exit: 7,
    message: ({ problem }) => `standard output cannot be written (${problem})`,
    remedy: "send the output elsewhere and run the same command again; what is stored in files was kept",
  }),
  "OAL-I141": entry<{ path: string; problem: string }>({
    title: "refused by the operating system",
    exit: 7,
    message: ({ path, problem }) => `${path}: ${problem}`,
    remedy: "check that the path is what it should be and may be read and written",
  }),
  "OAL-I143": entry<{ path: string; problem: string }>({
    title: "no model of oal",
    exit: 7,
    message: ({ path, problem }) => `${path} is no model that oal can score with: ${problem}`,
    remedy:
      "a model without a decision is fitted first: oal fit MODEL --id FOLDER of known pictures; else give what oal fit or oal export wrote, or a run folder that reached the evaluation",
  }),
  "OAL-I144": entry<{ path: string; found: string; wanted: string }>({
    title: "model file of another version",
    exit: 7,
    message: ({ path, found, wanted }) =>
      `${path} was written in format ${found}, this oal reads format ${wanted}`,
    remedy:
      "write it again with this oal (oal report with its run folder, or oal fit again), or use the version that wrote it",
  }),
  "OAL-I145": entry<{ path: string; output: string; difference: number; allowed: number }>({
    title: "a written model does not compute what was measured",
    exit: 7,
    message: ({ path, output, difference, allowed }) =>
      `${path}: ${output} differs by ${difference.toPrecision(3)} from what was measured, more than ${allowed.toPrecision(3)}`,
    remedy:
      "run the same command again; if it fails again, report it with the versions that oal doctor tells",
  }),
  "OAL-I165": entry<{ id: string; size: string; wanted: string }>({
    title: "picture of another size",
    exit: 7,
    message: ({ id, size, wanted }) =>
      `${id} has ${size} pixels; this model file takes pictures of ${wanted} only`,
    remedy: "give pictures of that size, or export the model without a fixed size",
  }),
  "OAL-I166": entry<{ path: string }>({
    title: "weights beside a model in a browser",
    exit: 7,
    message: ({ path }) => `${path} has its weights in a second file, which a browser cannot open`,
    remedy: "models of up to 1 GB are one file; use a smaller network",
  }),
  "OAL-I167": entry<{ path: string; problem: string }>({
    title: "model cannot be fetched",
    exit: 7,
    message: ({ path, problem }) => `${path} cannot be fetched (${problem})`,
    remedy: "check the address and that the file lies on the server",
  }),
  "OAL-I142": entry<Record<string, never>>({
    title: "working folder is gone",
    exit: 7,
    message: () => "the folder in which oal was started does not exist any more",
    remedy: "change into a folder that exists and run the command again",
  }),
  "OAL-I160": entry<{ path: string }>({
    title: "a model without a decision",
    exit: 7,
    message: ({ path }) =>
      `${path} is a model without a detector and a decision: there is nothing yet that tells known from unknown`,
    remedy: "fit one first: oal fit MODEL --id FOLDER of known pictures; then export what it writes",
  }),
  "OAL-I161": entry<{ path: string; problem: string }>({
    title: "an export that cannot be written",
    exit: 7,
    message: ({ path, problem }) => `${path} cannot be written: ${problem}`,
    remedy: "name a place that can be written and has room; what was there before is still there",
  }),
};
