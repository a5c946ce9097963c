/** The tree of commands with their help. Nothing here loads an engine, a schema or data code. */
import { Command, Option } from "commander";
import {
  addConfigurationOptions,
  addStageOptions,
  detectorsOption,
  deviceOption,
  examples,
  realNumber,
  wholeNumber,
  type StageOptions,
} from "./options.js";
import type { InspectCommandOptions } from "./commands/inspect.js";
import type { ScoreCommandOptions } from "./commands/score.js";
import { addBenchmark, addDataCheck } from "./benchmarkCommands.js";
import { addExplain } from "./explainCommand.js";
import { addExport } from "./exportCommands.js";
import { addLeaveClassOut } from "./leaveClassOutCommand.js";
import { addMachine } from "./machineCommands.js";
import { addMetrics } from "./metricsCommand.js";
import { addFit } from "./fitCommand.js";
import { addInspect } from "./inspectCommand.js";
import { addModels } from "./modelCommands.js";
import { addSearch } from "./searchCommand.js";
import { addPlanning } from "./planningCommands.js";
import { oalVersion } from "../pipeline/versions.js";

interface StageCommand {
  readonly name: string;
  readonly until: string;
  readonly description: string;
  readonly examples: readonly string[];
}

const stageCommands: readonly StageCommand[] = [
  {
    name: "run",
    until: "report",
    description: "the whole job: train, make outliers, measure, report",
    examples: [
      "oal run                                  # the embedded data set, needs nothing",
      "oal run cifar10-small --data ../shared/data",
      "oal run --data photos.tar --ood photos-unknown.tar",
      "oal run my.yaml --set student.epochs=20 --out runs/long",
    ],
  },
  {
    name: "teacher",
    until: "teacher",
    description: "up to the trained teacher",
    examples: ["oal teacher --data photos"],
  },
  {
    name: "embed",
    until: "embeddings",
    description: "up to the teacher's embeddings of the training images",
    examples: ["oal embed cifar10-small --data data"],
  },
  {
    name: "train",
    until: "student",
    description: "up to the trained students",
    examples: ["oal train --method oal", "oal train --method ce,kd --set student.epochs=20"],
  },
  {
    name: "evaluate",
    until: "evaluation",
    description: "up to the measured table",
    examples: ["oal evaluate --json > results.json", "oal evaluate --detectors all"],
  },
  {
    name: "report",
    until: "report",
    description: "up to report.html",
    examples: ["oal report runs/embedded"],
  },
];

const outlierCommands: readonly StageCommand[] = [
  {
    name: "sample",
    until: "boundary",
    description: "up to the outlier embeddings at the boundary of each class",
    examples: ["oal outliers sample --set boundary.rounds=10"],
  },
  {
    name: "synthesize",
    until: "outliers",
    description: "up to the outlier pictures and their audit",
    examples: [
      "oal outliers synthesize --set exposure.outliers=sdedit",
      "oal outliers synthesize --set synthesis.count=300",
      "oal outliers synthesize --data photos --set synthesis.model=models/stable-diffusion",
    ],
  },
];

/** The commands that measure students. */
const measuring: readonly string[] = ["run", "evaluate", "report"];

function addStageCommand(parent: Command, { name, until, description, examples: lines }: StageCommand): void {
  const command = parent.command(name).description(description);
  command.argument("[preset|file|run]", "preset, YAML or JSON file, or run folder; default: embedded");
  if (measuring.includes(name)) command.addOption(detectorsOption());
  if (name === "run") command.option("--until <stage>", "stop when this stage is made (oal plan names them)");
  addStageOptions(command)
    .addHelpText("after", examples(lines))
    .action(async (given: string | undefined, options: StageOptions & { readonly until?: string }) => {
      const { runCommand } = await import("./commands/run.js");
      await runCommand(given, options, options.until ?? until, {
        trains: name !== "report" && name !== "evaluate",
      });
    });
}

/** Makes the program. Errors of usage are thrown as CommanderError, never printed here. */
export function buildProgram(): Command {
  const program = new Command("oal")
    .description(
      "Outlier-aware learning: train, measure and ship image classifiers that know what they do not know.",
    )
    .exitOverride()
    // help is what a group without a command prints, and it is no error
    .configureOutput({ outputError: () => undefined, writeErr: (text) => void process.stdout.write(text) })
    .version(oalVersion(), "-V, --version", "print the version")
    .addHelpText(
      "after",
      examples([
        "oal run                                  # the whole job on the embedded data set",
        "oal run --data photos                    # on your own photos/CLASS/*.jpg",
        "oal fit model.onnx --id photos           # a model of anyone, as it is: known or unknown?",
        "oal score runs/photos picture.jpg        # known or unknown?",
        "oal config cifar10-small                 # every key, its meaning and its value",
      ]),
    );
  for (const each of stageCommands) addStageCommand(program, each);
  const outliers = program.command("outliers").description("the stages that make outliers");
  for (const each of outlierCommands) addStageCommand(outliers, each);
  addFit(program);
  addLeaveClassOut(program);
  addSearch(program);
  addPlanning(program);
  addMachine(program);
  addScore(program);
  addExport(program);
  addInspect(program);
  addConfig(program);
  addList(program);
  addExplain(program);
  addBenchmark(program);
  addMetrics(program);
  addData(program);
  addModels(program);
  program.hook("preAction", refuseEmptyWords);
  addHelp(program, { hidden: false });
  for (const group of program.commands) if (group.commands.length > 0) addHelp(group, { hidden: true });
  return program;
}

/** An empty word ("$FOLDER" of a script in which it is not set) would mean the working folder. */
async function refuseEmptyWords(_program: Command, command: Command): Promise<void> {
  const options: Readonly<Record<string, unknown>> = command.opts();
  const empty = command.options.find((option) => isEmpty(options[option.attributeName()]))?.long;
  const what = empty ?? (isEmpty(command.args) ? "an argument" : undefined);
  if (what === undefined) return;
  const { oalError } = await import("oal-core");
  const words: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) words.unshift(at.name());
  throw oalError("OAL-C102", { command: words.join(" "), problem: `${what} is empty` });
}

function isEmpty(value: unknown): boolean {
  return value === "" || (Array.isArray(value) && value.includes(""));
}

/** `help [command...]` of the program or a group; an unknown command is an error here as everywhere. */
function addHelp(parent: Command, options: { readonly hidden: boolean }): void {
  parent.helpCommand(false);
  parent
    .command("help", options)
    .description("the same as --help")
    .argument("[command...]")
    .action(async (words: readonly string[]) => {
      const { oalError, suggest } = await import("oal-core");
      let place = parent;
      for (const word of words) {
        const found = place.commands.find((command) => command.name() === word);
        if (found === undefined) {
          const known = place.commands.map((command) => command.name());
          throw oalError("OAL-C101", { flag: `command ${word}`, near: suggest(word, known) });
        }
        place = found;
      }
      place.help();
    });
}

function addScore(program: Command): void {
  program
    .command("score")
    .description("label, confidence, p value and known or unknown, for images wherever they lie")
    .argument("<model>", "a run folder (its deciding model), or a model file (RUN/models/METHOD.onnx)")
    .argument("[images...]", "image files, folders, archives (.tar, .tar.gz, .zip); - for standard input")
    .option(
      "--detector <name>",
      "a detector that the model holds (evaluation.storedDetectors of its run); default: the one that decides",
    )
    .option(
      "--threshold <x>",
      "score from which an image is known; default: the model's, which keeps evaluation.keep of validation images",
      realNumber,
    )
    .option("--threads <n>", "threads of the engine; 0: one per core", wholeNumber(0))
    .option("--skip-bad <n>", "up to n unreadable images are no failure (exit status 3)", wholeNumber(0))
    .addOption(deviceOption())
    .option("--strict", "stop at the first unreadable image")
    .option("--top <k>", "name the k most probable classes", wholeNumber(1))
    .addOption(
      new Option("--rank <order>", "print when all are scored, the most unknown images first").choices([
        "unknown",
      ]),
    )
    .option("--thumbs <page>", "write an HTML page with the 200 most unknown images, to look through")
    .option(
      "--save <file>",
      "write scores and classes to a .csv, .npz (OpenOOD's layout) or .parquet file too, for oal metrics",
    )
    .option("--files-from <file>", "more images, one path a line or NUL between them; - for standard input")
    .option("--json", "print everything as one JSON document")
    .option("--jsonl", "print one JSON object a line, as they come")
    .option("--csv", "print CSV, as it comes")
    .option("-q, --quiet", "no progress")
    .addHelpText(
      "after",
      examples([
        "oal score runs/photos cat.jpg",
        "oal score runs/photos holiday.zip --csv > scores.csv",
        "oal score runs/photos inbox --rank unknown --thumbs review.html",
        "curl -s https://example.org/cat.jpg | oal score runs/photos/models/kd.onnx - --json",
      ]),
    )
    .action(async (model: string, images: string[], options: ScoreCommandOptions) => {
      const { scoreCommand } = await import("./commands/score.js");
      await scoreCommand(model, images, options);
    });
}

function addConfig(program: Command): void {
  const command = program
    .command("config")
    .description("print the whole configuration: every key with its meaning and value")
    .argument("[preset|file]", "preset, or YAML or JSON file; default: embedded")
    .option("--json", "as JSON")
    .option("--schema", "the JSON schema of configuration files, for editors");
  addConfigurationOptions(command)
    .addHelpText(
      "after",
      examples(["oal config cifar10-small > my.yaml", "oal config my.yaml --set student.epochs=3 --json"]),
    )
    .action(async (given: string | undefined, options: StageOptions & { schema?: boolean }) => {
      const { configCommand } = await import("./commands/config.js");
      configCommand(given, options);
    });
}

function addList(program: Command): void {
  program
    .command("list")
    .description("what exists: everything that a configuration names, runs and presets")
    .argument(
      "[kind]",
      "detectors, metrics, readers, sections, networks, activations, losses, optimisers, schedules, recipes, methods, exposures, outliers, samplers, stages, protocols, runs or presets; default: all",
    )
    .option("--config <file>", "with what the plugins of this configuration (or run) add")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      examples(["oal list detectors", "oal list runs", "oal list networks --config my.yaml"]),
    )
    .action(async (kind: string | undefined, options: { json?: boolean; config?: string }) => {
      const { listCommand } = await import("./commands/list.js");
      await listCommand(kind, options);
    });
}

function addData(program: Command): void {
  const data = program.command("data").description("look at image data");
  data
    .command("verify")
    .description(
      "hash every decoded image set of the cache, or everything in a run folder, and name what is damaged",
    )
    .argument("[path]", "cache folder, one set in it, or a run folder; default: the cache")
    .option("--json", "as JSON")
    .addHelpText("after", examples(["oal data verify", "oal data verify runs/photos"]))
    .action(async (path: string | undefined, options: { json?: boolean }) => {
      const { verifyCommand } = await import("./commands/verify.js");
      await verifyCommand(path, options);
    });
  addDataCheck(data);
  const command = data
    .command("inspect")
    .description("what oal run would do with data: format, classes, parts, and every problem at once")
    .argument("<path>", "folder, archive, IDX or CIFAR file, or a configuration file")
    .option("--list <file>", "image list (relative/path label)")
    .option("--check", "decode every image: finds unreadable ones and duplicates")
    .option("--json", "as JSON")
    .option("-q, --quiet", "no progress");
  addConfigurationOptions(command)
    .addHelpText(
      "after",
      examples([
        "oal data inspect photos.tar",
        "oal data inspect photos --check --ood photos-unknown.tar",
        "oal data inspect data --list lists/val.txt",
      ]),
    )
    .action(async (path: string, options: InspectCommandOptions) => {
      const { inspectCommand } = await import("./commands/inspect.js");
      await inspectCommand(path, options);
    });
}
