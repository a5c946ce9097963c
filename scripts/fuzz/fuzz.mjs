// Parsers meet damaged files: each is read, or refused by an error of the catalogue, soon and within bounded memory.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mutate } from "./mutations.mjs";
import { targets } from "./targets.mjs";

/** What is no answer any more, in milliseconds of the process; a busy machine does not count. */
const patience = 4000;
/** Memory beyond that of the beginning, in bytes. */
const most = 600 * 2 ** 20;

/** Why an error is none that a user may see; undefined for one of the catalogue. */
function fault(error) {
  const code = error?.code;
  if (typeof code === "string" && /^OAL-[A-W]\d{3}$/.test(code)) return undefined;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** What is packed is damaged inside and outside in turn. */
function damaged({ bytes, packed }, purpose, trial) {
  if (!packed) return mutate(bytes, purpose, trial);
  return trial % 2 === 0 ? mutate(packed(bytes), purpose, trial) : packed(mutate(bytes, purpose, trial));
}

/** Puts bytes where a reader of files finds them: in a folder of their own, which names nothing that was read before. */
async function place(folder, name, bytes) {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/**
 * Reads damaged files with every parser.
 *
 * @param {{ trials: number, seed: number, only?: string, onTarget?: (line: string) => void }} options trials of each target
 * @returns {Promise<{ tried: number, answers: Record<string, Record<string, number>>, problems: { target: string, seed: string, trial: number, problem: string, bytes: string }[] }>}
 */
export async function fuzz({ trials, seed, only, onTarget }) {
  const folder = await mkdtemp(join(tmpdir(), "oal-fuzz-"));
  const problems = [];
  const answers = {};
  let tried = 0;
  try {
    for (const target of (await targets()).filter(({ name }) => only === undefined || name === only)) {
      const told = {};
      const purpose = `${target.name} ${seed}`;
      const before = process.memoryUsage().rss;
      for (let trial = 0; trial < trials; trial++) {
        const bytes = damaged(target, purpose, trial);
        const report = (problem) =>
          problems.push({
            target: target.name,
            seed: purpose,
            trial,
            problem,
            bytes: Buffer.from(bytes).toString("base64"),
          });
        const began = process.cpuUsage();
        let answer = "read";
        try {
          if (target.readBytes) await target.readBytes(bytes);
          else await target.readFile(await place(join(folder, String(trial)), target.file, bytes));
        } catch (error) {
          const wrong = fault(error);
          if (wrong !== undefined) report(wrong);
          answer = error?.code ?? "fault";
        }
        told[answer] = (told[answer] ?? 0) + 1;
        const { user, system } = process.cpuUsage(began);
        if ((user + system) / 1000 > patience) report(`took ${Math.round((user + system) / 1000)} ms`);
        const grown = process.memoryUsage().rss - before;
        if (grown > most) report(`memory grew by ${Math.round(grown / 2 ** 20)} MB`);
        await rm(join(folder, String(trial)), { recursive: true, force: true });
        tried++;
      }
      answers[target.name] = told;
      onTarget?.(`${target.name}: ${JSON.stringify(told)}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { tried, answers, problems };
}
