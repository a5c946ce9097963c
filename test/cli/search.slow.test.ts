/** `oal search` on small pictures: it opens no set of the test, goes on where it was killed, and its winner is a run. */
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main, oal } from "./oal.js";

const folder = mkdtempSync(join(tmpdir(), "oal-search-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Two kinds of patterned pictures. */
async function writePictures(path: string, count: number): Promise<void> {
  for (const [kind, period] of [
    ["broad", 8],
    ["fine", 2],
  ] as const) {
    mkdirSync(join(path, kind), { recursive: true });
    for (let i = 0; i < count; i++) {
      const pixels = Uint8Array.from({ length: 3 * 32 * 32 }, (_, at) => {
        const x = Math.floor(at / 3) % 32;
        return (Math.floor((x + i) / period) % 2) * 160 + ((at * 7 + i * 13) % 60);
      });
      const picture = sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } });
      await picture.png().toFile(join(path, kind, `${i}.png`));
    }
  }
}

const configuration = `
preset: folder
data:
  source: known
  test: { path: ../locked-test }
  ood: [{ name: locked, group: far, path: ../locked-unknown.tar }]
  embedded: { validationOod: 20 }
student: { widths: [8, 8, 8], epochs: 1, batchSize: 16 }
methods: [ce]
evaluation: { detectors: [msp, ebo], bootstrap: 0 }
checkpointSeconds: 0.001
threads: 1
`;

beforeAll(async () => {
  await writePictures(join(folder, "known"), 20);
  writeFileSync(join(folder, "small.yaml"), configuration);
});

const search = ["search", "small.yaml", "--values", "student.learningRate=0.02,0.3,0.5", "--epochs", "1,2"];
const inStore = (store: string) => ({ cwd: folder, env: { ...process.env, OAL_STORE: join(folder, store) } });

interface Found {
  readonly rounds: readonly { readonly candidates: readonly object[]; readonly wentOn: readonly number[] }[];
  readonly winner: object;
  readonly configuration: string;
}

function searched(store: string): Found {
  process.env["OAL_STORE"] = join(folder, store);
  const { stdout, stderr, status } = oal([...search, "--json", "--out", store + "-result"], { cwd: folder });
  expect([status, stderr]).toEqual([0, expect.not.stringMatching(/OAL-/)]);
  const found: Found = JSON.parse(stdout);
  return found;
}

describe("oal search", { timeout: 300_000 }, () => {
  it("opens no set of the test: the test images and the unknown ones of the configuration do not even exist", () => {
    const before = process.env["OAL_STORE"];
    const whole = searched("left-alone");
    expect(whole.rounds.map(({ candidates }) => candidates.length)).toEqual([4, 3]);
    expect(whole.rounds[0]?.wentOn).toHaveLength(3);
    expect(whole.rounds[0]?.wentOn[0]).toBe(1);
    // a run of the winner needs what is measured, and says so
    const run = oal(["run", whole.configuration, "--out", "run"], { cwd: folder });
    expect(run.status).toBe(3);
    expect(run.stderr).toContain("locked-test");
    // with it, the run finds what was trained in the search where it asks for the same, and trains the rest
    const text = readFileSync(join(folder, whole.configuration), "utf8");
    expect(text).toMatch(/^# chosen by oal search/);
    expect(text).toMatch(/learningRate: 0\.(02|1|3|5)/);
    process.env["OAL_STORE"] = before;
  });

  it("goes on where it was killed, and finds the same", async () => {
    const before = process.env["OAL_STORE"];
    const { env } = inStore("killed");
    const artifacts = join(folder, "killed", "artifacts");
    const made = (): number =>
      existsSync(artifacts)
        ? readdirSync(artifacts).filter((name) => /^(student|validation)/.test(name)).length
        : 0;
    for (const enough of [2, 5]) {
      const child = spawn(process.execPath, [main, ...search, "--quiet"], {
        cwd: folder,
        env,
        stdio: "ignore",
      });
      const ended = new Promise((done) => child.once("close", done));
      while (child.exitCode === null && made() < enough) await new Promise((done) => setTimeout(done, 20));
      child.kill("SIGKILL");
      await ended;
    }
    const left = searched("killed");
    const whole = searched("left-alone");
    expect({ ...left, folder: "", configuration: "" }).toEqual({ ...whole, folder: "", configuration: "" });
    process.env["OAL_STORE"] = before;
  });
});
