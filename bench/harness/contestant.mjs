// The process of one contestant of ours. It makes what its case says, then answers lines: "check", "step", "end".
// Arguments: the case's file, the contestant's name, the settings as JSON, the folder with shared arrays.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [file, name, settings, folder] = process.argv.slice(2);
const { default: benchCase } = await import(pathToFileURL(file).href);
const contestant = await benchCase.contestants[name].make(JSON.parse(settings), folder);
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Megabytes of this process at most, as Linux tells; null elsewhere. */
function peakMemory() {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    return line ? Number(line[1]) / 1000 : null;
  } catch {
    return null;
  }
}

answer({ ready: true, facts: contestant.facts ?? {} });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "check") answer({ values: (await contestant.check?.()) ?? null });
  else if (line === "step") {
    const before = process.cpuUsage();
    const start = performance.now();
    await contestant.step();
    const wall = performance.now() - start;
    const { user, system } = process.cpuUsage(before);
    answer({ wall, cpu: (user + system) / 1000 });
  } else {
    answer({ peak: contestant.peak ? contestant.peak() : peakMemory() });
    await contestant.close?.();
    break;
  }
}
process.exit(0);
