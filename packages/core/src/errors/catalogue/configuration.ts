/** Family C: configuration and usage (exit status 2). */
import { entry } from "../entry.js";

export const configurationErrors = {
  "OAL-C101": entry<{ flag: string; near?: string | undefined }>({
    title: "unknown option or command",
    exit: 2,
    message: ({ flag, near }) => `unknown ${flag}` + (near ? ` (did you mean ${near}?)` : ""),
    remedy: "oal --help and oal COMMAND --help list what exists",
  }),
  "OAL-C102": entry<{ command: string; problem: string }>({
    title: "command used wrongly",
    exit: 2,
    message: ({ command, problem }) => `${command}: ${problem}`,
    remedy: "add --help to the command for its arguments, options and examples",
  }),
  "OAL-C120": entry<{ call: string; argument: string; wanted: string; found: string }>({
    title: "wrong argument of a library call",
    exit: 2,
    message: ({ call, argument, wanted, found }) => `${call}: ${argument} must be ${wanted}, not ${found}`,
    remedy: "the types and comments of the function say what it takes",
  }),
  "OAL-C201": entry<{ key: string; at: string; where: string; near?: string | undefined }>({
    title: "unknown configuration key",
    exit: 2,
    message: ({ key, at, where, near }) =>
      `${where}: unknown key "${key}" at ${at || "the top level"}` +
      (near ? `, did you mean "${near}"?` : ""),
    remedy: "oal config shows every key with its default",
  }),
  "OAL-C202": entry<{ at: string; where: string; problem: string }>({
    title: "configuration value refused",
    exit: 2,
    message: ({ at, where, problem }) => `${where}: ${at}: ${problem}`,
    remedy: "oal config shows every key with its range and default",
  }),
  "OAL-C203": entry<{ where: string; problem: string }>({
    title: "configuration file cannot be read",
    exit: 2,
    message: ({ where, problem }) => `${where}: ${problem}`,
    remedy: "give a YAML or JSON file, or the name of a preset",
  }),
  "OAL-C204": entry<{ kind: string; name: string; near?: string | undefined; known: readonly string[] }>({
    title: "unknown name",
    exit: 2,
    message: ({ kind, name, near, known }) =>
      `there is no ${kind} "${name}"` +
      (near ? `, did you mean "${near}"?` : ` (known: ${known.join(", ")})`),
    remedy: "oal list shows the names of presets, recipes, networks, detectors and all else that has one",
  }),
  "OAL-C205": entry<{ kind: string; name: string }>({
    title: "name taken",
    exit: 2,
    message: ({ kind, name }) => `there is already a ${kind} "${name}"`,
    remedy: "give the new one another id; built-in ones cannot be replaced",
  }),
  "OAL-C206": entry<{ kind: string; name: string }>({
    title: "no usable name",
    exit: 2,
    message: ({ kind, name }) => `"${name}" cannot be the name of a ${kind}`,
    remedy: "use letters, digits, dots, dashes, colons and underscores; begin with a letter or digit",
  }),
  "OAL-C207": entry<{ section: string; key: string; first: string; second: string }>({
    title: "option declared twice",
    exit: 2,
    message: ({ section, key, first, second }) =>
      `${section}.${key} is declared by ${first} and again by ${second}`,
    remedy: "give the option of the added one another name",
  }),
  "OAL-C208": entry<{ kind: string; id: string; at: string; problem: string }>({
    title: "option refused",
    exit: 2,
    message: ({ kind, id, at, problem }) => `${kind} ${id}: ${at || "options"}: ${problem}`,
    remedy: "oal config shows the options of what a configuration names, with range and default",
  }),
  "OAL-C211": entry<{ at: string; problem: string }>({
    title: "a model cannot be used so",
    exit: 2,
    message: ({ at, problem }) => `${at}: ${problem}`,
    remedy:
      "oal inspect MODEL shows a model's sizes, values and layers; oal config shows the keys init and teacher",
  }),
  "OAL-C209": entry<{ path: string; problem: string }>({
    title: "plugin cannot be used",
    exit: 2,
    message: ({ path, problem }) => `plugin ${path}: ${problem}`,
    remedy:
      "name a module that can be loaded; its default export has lists of what it adds, such as { networks: [...] }, or is a function that returns them",
  }),
  "OAL-C210": entry<{ path: string; problem: string }>({
    title: "a plugin's own code failed",
    exit: 2,
    message: ({ path, problem }) => `plugin ${path}: ${problem}`,
    remedy: "the line named is the plugin's own: mend it there; what was finished before is kept",
  }),
  "OAL-C212": entry<{ key: string; where: string; asked: string; row: string; value: string }>({
    title: "a setting contradicts a row of the published code",
    exit: 2,
    message: ({ key, where, asked, row, value }) =>
      `${where}: ${key}: ${asked} contradicts fixes.${row}: false, which holds it at ${value}`,
    remedy: "leave the setting out, or set fixes.rNN to true to choose it; docs/official.md tells every row",
  }),
  "OAL-C213": entry<{ row: string; where: string; key: string; value: string }>({
    title: "a fix is asked for beside the published setting",
    exit: 2,
    message: ({ row, where, key, value }) =>
      `${where}: fixes.${row}: true, but the file holds ${key}: ${value}, which is what the published code does`,
    remedy: "take that setting out of the file; docs/official.md tells what every row holds",
  }),
  "OAL-C301": entry<{ stage: string; problem: string }>({
    title: "stages do not fit together",
    exit: 2,
    message: ({ stage, problem }) => `stage ${stage}: ${problem}`,
    remedy: "the inputs of a stage must be names of other stages that the run has; oal plan shows them",
  }),
  "OAL-C303": entry<{ key: string; problem: string }>({
    title: "no such planned stage",
    exit: 2,
    message: ({ key, problem }) => `${key}: ${problem}`,
    remedy: "oal plan shows the keys of a run, and notes them in the store",
  }),
  "OAL-C304": entry<{ stage: string; input: string; key: string }>({
    title: "an input of a stage is missing",
    exit: 2,
    message: ({ stage, input, key }) =>
      `${stage} reads ${input}, which has not been made (${key.slice(0, 12)})`,
    remedy: "make the input first, with oal stage and its key, or oal run the whole",
  }),
  "OAL-C305": entry<{ problem: string }>({
    title: "a search cannot be understood",
    exit: 2,
    message: ({ problem }) => `oal search: ${problem}`,
    remedy: "oal search --help shows examples; docs/search.md tells what every option does",
  }),
  "OAL-C306": entry<{ point: string; problem: string }>({
    title: "a point of a search is no configuration",
    exit: 2,
    message: ({ point, problem }) => `the point ${point} cannot be trained: ${problem}`,
    remedy: "oal config shows every key with its range and default",
  }),
  "OAL-C307": entry<{ group: string }>({
    title: "there are no unknown images to choose by",
    exit: 2,
    message: ({ group }) =>
      `settings are chosen by near and far unknown validation images, and there are none of group ${group}`,
    remedy:
      "give a set of data.ood that group, of a kind that no near or far set has, or have such images drawn (data.drawnValidation: true)",
  }),
  "OAL-C220": entry<{ name: string; problem: string }>({
    title: "no name of a hub model",
    exit: 2,
    message: ({ name, problem }) => `"${name}" ${problem}`,
    remedy: "give OWNER/NAME or OWNER/NAME@REVISION, as it stands on the model's page",
  }),
  "OAL-C221": entry<{ endpoint: string }>({
    title: "no address of a hub",
    exit: 2,
    message: ({ endpoint }) => `"${endpoint}" is no web address of a hub`,
    remedy:
      "give https://HOST without a user or password (--endpoint, HF_ENDPOINT); a token belongs in HF_TOKEN",
  }),
  "OAL-C222": entry<Readonly<Record<string, never>>>({
    title: "the network is switched off",
    exit: 2,
    message: () => "HF_HUB_OFFLINE is set, so nothing is fetched",
    remedy: "unset it to fetch; models that are on this machine work without the network",
  }),
  "OAL-C223": entry<{ model: string; bytes: number }>({
    title: "a large model was not confirmed",
    exit: 2,
    message: ({ model, bytes }) => `${model} needs ${(bytes / 1e9).toFixed(1)} GB to be fetched`,
    remedy: "say --yes to fetch it, or name a smaller file with --file",
  }),
  "OAL-C311": entry<{ name: string; file: string; classes: number; protocol: number; why: string }>({
    title: "a model of other classes than the protocol",
    exit: 2,
    message: ({ name, file, classes, protocol, why }) =>
      (classes === 0
        ? `${name} (${file}) gives features and no class scores`
        : `${name} (${file}) tells ${classes} classes apart, and the protocol has ${protocol}`) +
      (why === "" ? "" : `; ${why}`),
    remedy:
      "give a model of the protocol's classes, or a protocol whose labels count the model's classes (classes: in its file)",
  }),
  "OAL-C312": entry<{ model: string; seed: number | null; known: readonly string[] }>({
    title: "no parameters for a model",
    exit: 2,
    message: ({ model, seed, known }) =>
      seed === null
        ? `the file of parameters has none for the model "${model}"; it has ${known.join(", ") || "none"}`
        : `the file of parameters has none for seed ${seed} of the model "${model}"`,
    remedy: 'call the models as in the file, or give parameters for every model under "*"',
  }),
  "OAL-C313": entry<{ problem: string }>({
    title: "models of a benchmark cannot be understood",
    exit: 2,
    message: ({ problem }) => `oal benchmark: ${problem}`,
    remedy: "give --model NAME=FILE for every model, or NAME=FILE,FILE with a file for every seed",
  }),
  "OAL-C308": entry<{ path: string; file: string }>({
    title: "the folder for a run holds something else",
    exit: 2,
    message: ({ path, file }) => `${path} is not empty and not the folder of a run: it holds ${file}`,
    remedy:
      "name another folder with --out; a finished run puts its files in the place of those of the same names",
  }),
  "OAL-C314": entry<{ path: string; file: string }>({
    title: "the folder holds something else than a benchmark",
    exit: 2,
    message: ({ path, file }) => `${path} is not empty and not the folder of a benchmark: it holds ${file}`,
    remedy: "name another folder with --out",
  }),
  "OAL-C310": entry<{ name: string; near: string | undefined; known: readonly string[] }>({
    title: "an unknown benchmark protocol",
    exit: 2,
    message: ({ name, near, known }) =>
      `there is no protocol "${name}"` +
      (near === undefined ? `; known: ${known.join(", ")}` : `, did you mean "${near}"?`),
    remedy:
      "oal list protocols shows all; a protocol of your own is a YAML file of a few lines (docs/benchmark.md)",
  }),
};
