// How long programs take before they do anything: the command line, the library, and importing the peers.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { peer } from "../harness/python.mjs";

const path = (relative) => fileURLToPath(new URL(`../../packages/oal/${relative}`, import.meta.url));
const library = new URL("../../packages/oal/dist/index.js", import.meta.url).href;

/** A contestant that starts a program and waits for its end; its memory is not this process's. */
const program = (command, words) => ({
  make: async () => ({
    step: async () => {
      const { status, stderr } = spawnSync(command(), words, { encoding: "utf8" });
      if (status !== 0) throw new Error(stderr);
    },
    peak: () => null,
  }),
});
const node = (...words) => program(() => process.execPath, words);
const python = (name) => ({ ...program(() => peer(name).python, ["-c", `import ${name}`]), needs: name });

export default {
  title: () => "starting and ending",
  unit: "ms",
  settings: {},
  short: {},
  contestants: {
    "oal --version": node(path("dist/cli/main.js"), "--version"),
    "oal --help": { ...node(path("dist/cli/main.js"), "--help"), variant: true },
    "oal list networks": node(path("dist/cli/main.js"), "list", "networks"),
    "import oal": node("--input-type=module", "-e", `import ${JSON.stringify(library)}`),
    "import torch": python("torch"),
    "import sklearn": { ...python("sklearn"), variant: true },
  },
  ratios: () => [{ of: "import torch", over: "import oal" }],
};
