/**
 * Every command meets every kind of bad path, in every argument and behind every option. The commands are taken from the
 * program's own tree, so a new one is tried without a line here. What comes out may be a verdict or an error of the
 * catalogue, never a fault of oal, a stack, a raw control character, or nothing for ever.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { buildProgram } from "../../packages/oal/dist/cli/program.js";
import { evilName, makeBadPaths, removeBadPaths, type BadPath } from "./badKinds.js";
import { oalInside } from "./inside.js";
import { untrainedModel } from "./untrainedModel.js";

type Command = ReturnType<typeof buildProgram>;
type Argument = Command["registeredArguments"][number];
type Option = Command["options"][number];

const folder = mkdtempSync(join(tmpdir(), "oal-bad-paths-"));
const before = process.cwd();

/** A hub without a single model: what a path is taken for that names one is asked here and nowhere else. */
const hub = createServer((_request, answer) => answer.writeHead(404).end());

async function prepare(): Promise<void> {
  await untrainedModel(join(folder, "model"), ["cat", "dog"]);
  // a source that looks right until its images are decoded, so that commands open what they write to, and none trains
  for (const name of ["cat", "dog"]) {
    mkdirSync(join(folder, "source", name), { recursive: true });
    for (let i = 0; i < 4; i++) writeFileSync(join(folder, "source", name, `${i}.png`), `no picture ${i}`);
  }
  vi.stubEnv("OAL_CACHE", join(folder, "cache"));
  await new Promise<void>((ready) => hub.listen(0, "127.0.0.1", ready));
  const address = hub.address();
  const port = typeof address === "object" ? address?.port : undefined;
  vi.stubEnv("HF_ENDPOINT", `http://127.0.0.1:${port}`);
  vi.stubEnv("HF_HOME", join(folder, "hub"));
  process.chdir(folder);
  chmodSync(folder, 0o755);
  // what commands load is loaded now: another user may not be able to enter this folder
  for (const words of [["score", "model", "source"], ["run", "--data", "source", "--out", "first"], ["list"]])
    await run(words);
}

function cleanUp(): void {
  hub.close();
  process.chdir(before);
  removeBadPaths(join(folder, "bad"));
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
}

interface Place {
  /** "run --out", "score <images...>". */
  readonly name: string;
  /** The words of the command line with a path at this place. */
  readonly words: (path: string) => string[];
  /** Equal for places of several commands that mean the same. */
  readonly kind: string;
  /** Whether a path is wanted there; other places are tried with a few kinds only. */
  readonly wantsPath: boolean;
}

function* leaves(command: Command, words: readonly string[]): Iterable<[string[], Command]> {
  for (const each of command.commands) {
    if (each.name() === "help") continue;
    const own = [...words, each.name()];
    if (each.commands.length > 0) yield* leaves(each, own);
    else yield [own, each];
  }
}

const isPath = ({ flags }: { flags: string }): boolean => /<(path|folder|file)/.test(flags);

function places(words: readonly string[], command: Command): Place[] {
  const args: readonly Argument[] = command.registeredArguments;
  const options: readonly Option[] = command.options.filter(({ required, optional }) => required || optional);
  const stops = options.some(({ long }) => long === "--data") ? ["--data", join(folder, "source")] : [];
  const good = (argument: Argument): string => join(folder, argument.name() === "model" ? "model" : "source");
  const required = (from: number): string[] =>
    args.slice(from).flatMap((argument) => (argument.required ? [good(argument)] : []));
  return [
    ...args.map((argument, index) => ({
      name: `${words.join(" ")} <${argument.name()}>`,
      kind: argument.name(),
      words: (path: string) => {
        const before = args.slice(0, index).map(good);
        return [...words, ...stops, "--", ...before, path, ...required(index + 1)];
      },
      wantsPath: true,
    })),
    ...options.map((option) => ({
      name: `${words.join(" ")} ${option.long}`,
      kind: option.flags,
      words: (path: string) => {
        const own = option.long === "--data" ? [] : stops;
        return [...words, ...own, `${option.long}=${path}`, "--", ...required(0)];
      },
      wantsPath: isPath(option),
    })),
  ];
}

/** Longer than anything takes; a path that blocks is told instead of stopping the test. */
const patience = 20_000;

/** What a command line writes, and its status. */
async function run(words: readonly string[], asNobody = false): Promise<{ text: string; status: number }> {
  let timer: NodeJS.Timeout | undefined;
  const blocked = new Promise<never>((_done, fail) => {
    timer = setTimeout(() => fail(new Error("it does not end")), patience);
  });
  const isRoot = process.geteuid?.() === 0;
  try {
    if (asNobody && isRoot) process.seteuid?.(65534);
    const { stdout, stderr, status } = await Promise.race([oalInside(words), blocked]);
    return { text: stdout + stderr, status };
  } finally {
    if (asNobody && isRoot) process.seteuid?.(0);
    clearTimeout(timer);
  }
}

const wrong = [
  ["a fault of oal", /OAL-X/],
  ["a stack", /^ +at /m],
  // oxlint-disable-next-line no-control-regex
  ["a raw control character", /[\u0000-\u0009\u000b-\u001f\u007f]/],
] as const;

/** What a place is tried with that wants no path. */
const wrongWords: readonly BadPath[] = [
  { kind: "nothing", path: "" },
  { kind: "a word", path: "missing/deep" },
  { kind: "an evil word", path: evilName },
];

/**
 * The tests.
 *
 * @param share every place is tried with one of so many kinds of bad path, places in turn with others; 1: with all
 */
export function testBadPaths(share: number): void {
  beforeAll(prepare);
  afterAll(cleanUp);
  const tried = new Set<string>();
  let turn = 0;
  /** Which bad paths a place is tried with: fewer where the same place of another command was tried before. */
  const chosen = (bad: readonly BadPath[], { kind, wantsPath }: Place): readonly BadPath[] => {
    const every = tried.has(kind) ? 6 * share : share;
    tried.add(kind);
    turn += 1;
    return wantsPath ? bad.filter((_, index) => (index + turn) % every === 0) : wrongWords;
  };

  // a command that takes neither argument nor value has no place for a path
  const commands = Array.from(leaves(buildProgram(), [])).filter((leaf) => places(...leaf).length > 0);
  describe.each(commands)("oal %j", (words, command) => {
    it.each(places(words, command).map((place) => [place.name, place] as const))(
      "%s",
      async (_name, place) => {
        const problems: string[] = [];
        // made anew for every place, since a command may write into them
        const root = join(folder, "bad");
        removeBadPaths(root);
        mkdirSync(root);
        const bad = place.wantsPath ? makeBadPaths(root) : [];
        process.chdir(root);
        for (const { kind, path, asNobody } of chosen(bad, place)) {
          const { text, status } = await run(place.words(path), asNobody);
          for (const [what, pattern] of wrong)
            if (pattern.test(text)) problems.push(`${kind}: ${what}: ${JSON.stringify(text.slice(0, 300))}`);
          if (status === 70) problems.push(`${kind}: status 70`);
        }
        expect(problems).toEqual([]);
      },
    );
  });
}
