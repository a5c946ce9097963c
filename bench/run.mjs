// npm run bench: cases of bench/cases, ours and its peers in turn; tables on the terminal, on request JSON and a dated file.
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { allCases } from "./harness/cases.mjs";
import { runCase } from "./harness/contest.mjs";
import { commit, hardware } from "./harness/hardware.mjs";
import {
  circumstances,
  contestantHead,
  contestantRows,
  plainTable,
  ratioHead,
  ratioRows,
} from "./harness/tables.mjs";

const resultsFolder = fileURLToPath(new URL("./results/", import.meta.url));

const help = `npm run bench -- [options] [CASE ...]

Runs cases of bench/cases: ours and every peer that is here (PyTorch, faiss, scikit-learn, Pillow) in turn, each in a process
of its own, with a pause before every timed step. Without CASE all of them; a CASE may be the beginning of several names.

  --list             the cases, and what each measures
  --short            small sizes, one timed step, no case that is another's variant: shows that everything runs, measures nothing
  --repetitions N    timed steps of every contestant (default: the case's own number, mostly 7)
  --threads N        threads of every contestant (default: one per core)
  --device NAME      device of our training steps: cpu (default) or webgpu
  --pause MS         pause before every timed step (default 150; below, idle threads of one engine disturb the next)
  --set KEY=VALUE    a setting of the cases in place of their own ("batch=64"); may be given several times
  --only NAMES       contestants to run, separated by commas, by the beginning of their names ("oal,PyTorch")
  --json             results as JSON on standard output, tables on standard error
  --save             also writes bench/results/DATE.json; node bench/tables.mjs writes docs/benchmarks.md from it
  --output FILE      also writes the results to FILE
  --help             this

Examples
  npm run bench -- stepAirbench              one case (and those whose names begin so)
  npm run bench -- --save                    everything, kept
  npm run bench -- --short                   does every case run?`;

const { values, positionals } = parsed({
  allowPositionals: true,
  options: {
    list: { type: "boolean" },
    short: { type: "boolean" },
    repetitions: { type: "string" },
    threads: { type: "string", default: String(availableParallelism()) },
    device: { type: "string", default: "cpu" },
    pause: { type: "string", default: "150" },
    only: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
    json: { type: "boolean" },
    save: { type: "boolean" },
    output: { type: "string" },
    help: { type: "boolean" },
  },
});

/** The words of the command line. */
function parsed(known) {
  try {
    return parseArgs(known);
  } catch (error) {
    console.error(`${error.message.split(". ")[0]}: npm run bench -- --help shows the options`);
    process.exit(2);
  }
}

/** A whole number from the command line. */
function count(option, least) {
  const value = Number(values[option]);
  if (Number.isInteger(value) && value >= least) return value;
  console.error(`--${option} ${String(values[option])}: a whole number of at least ${least} is needed`);
  process.exit(2);
}

/** KEY=VALUE; a value that is JSON is taken as such, others are words. */
function setting(text) {
  const [, key, value] = /^(\w+)=(.+)$/.exec(text) ?? [];
  if (key === undefined) {
    console.error(`--set ${text}: KEY=VALUE is needed`);
    process.exit(2);
  }
  try {
    return [key, JSON.parse(value)];
  } catch {
    return [key, value];
  }
}

const say = (text) => (values.json ? console.error(text) : console.log(text));
const cases = await allCases();

if (values.help) console.log(help);
else if (values.list) {
  const width = Math.max(...cases.map(({ name }) => name.length));
  for (const { name, benchCase } of cases)
    console.log(`${name.padEnd(width)}  ${benchCase.title(benchCase.settings)}`);
} else await main();

async function main() {
  const unknown = positionals.find((word) => !cases.some(({ name }) => name.startsWith(word)));
  if (unknown !== undefined) {
    console.error(`no case is called ${unknown}: npm run bench -- --list shows them`);
    process.exit(2);
  }
  const isExact = (word) => cases.some(({ name }) => name === word);
  const chosen = cases.filter(
    ({ name }) =>
      positionals.length === 0 ||
      positionals.some((word) => (isExact(word) ? name === word : name.startsWith(word))),
  );
  const options = {
    threads: count("threads", 1),
    pause: count("pause", 0),
    device: values.device,
    overrides: Object.fromEntries(values.set.map(setting)),
    short: values.short ?? false,
    ...(values.repetitions === undefined ? {} : { repetitions: count("repetitions", 1) }),
  };
  const machine = hardware();
  const results = {
    format: 1,
    date: new Date().toISOString(),
    commit: commit(),
    hardware: machine,
    ...options,
    versions: { Node: process.versions.node },
    cases: [],
    /** Cases that a short run leaves out: another case runs the same code. */
    leftOut: [],
  };
  const failed = [];
  if (machine.loadBefore > 0.5)
    say(
      `note: ${machine.loadBefore} processes wanted to run in the last minute; wall times of a busy machine say little`,
    );
  for (const { name, file, benchCase } of chosen) {
    if (options.short && benchCase.variant && !positionals.includes(name)) {
      results.leftOut.push(name);
      continue;
    }
    say(`\n${name}`);
    const own =
      values.only === undefined ? benchCase : { ...benchCase, contestants: onlyNamed(benchCase.contestants) };
    if (Object.keys(own.contestants).length === 0) continue;
    const start = performance.now();
    let outcome;
    try {
      outcome = await runCase(name, own, file, options);
    } catch (error) {
      // the others are measured all the same
      failed.push(`${name} failed: ${error.message}`);
      say(`failed: ${error.message}`);
      continue;
    }
    const { facts, ...result } = outcome;
    Object.assign(results.versions, facts);
    results.cases.push({ ...result, ...(benchCase.goals ? { goals: benchCase.goals } : {}) });
    say(result.title);
    say(
      plainTable(
        contestantHead.slice(1),
        contestantRows(result).map((row) => row.slice(1)),
      ),
    );
    for (const row of ratioRows(result)) say(`${row[1]}: ${row[2]} (medians ${row[3]}), memory ${row[4]}`);
    for (const note of result.notes) say(note);
    say(`(${((performance.now() - start) / 1000).toFixed(0)} s)`);
  }
  say(`\n${plainTable(ratioHead, results.cases.flatMap(ratioRows))}`);
  say(`\n${circumstances(results)}`);
  for (const sentence of failed) say(sentence);
  if (failed.length > 0) process.exitCode = 1;
  const text = `${JSON.stringify(results, null, 1)}\n`;
  if (values.json) process.stdout.write(text);
  if (values.output !== undefined) writeFileSync(values.output, text);
  if (values.save) {
    mkdirSync(resultsFolder, { recursive: true });
    const path = join(resultsFolder, `${results.date.slice(0, 16).replace(":", "")}.json`);
    writeFileSync(path, text);
    say(`kept in ${relative(process.cwd(), path)}`);
  }
}

/** Contestants whose names begin with one of --only. */
function onlyNamed(contestants) {
  const words = values.only.split(",");
  return Object.fromEntries(
    Object.entries(contestants).filter(([name]) => words.some((word) => name.startsWith(word))),
  );
}
