/** `oal models` against a hub on this machine: what a person sees, and what Ctrl-C leaves. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startHub, testCommit, type TestHub } from "../../packages/oal/src/testing/hubServer.js";
import { main } from "./oal.js";

const home = mkdtempSync(join(tmpdir(), "oal-models-"));
let hub: TestHub;
beforeAll(async () => {
  hub = await startHub();
  hub.files.set("config.json", Buffer.from("{}"));
  hub.files.set("model.onnx", new Uint8Array(5e6).fill(7));
  hub.large.add("model.onnx");
});
afterAll(async () => {
  await hub.close();
  rmSync(home, { recursive: true });
});

/** Runs `oal models`; the hub answers meanwhile, so nothing may wait for the child. */
function models(
  args: readonly string[],
  interruptAt?: () => boolean,
): Promise<{ stdout: string; stderr: string; status: number | null }> {
  const env = {
    ...process.env,
    HF_HOME: home,
    HF_ENDPOINT: hub.endpoint,
    HF_TOKEN: "hf_secret",
    NO_COLOR: "1",
  };
  const child = spawn(process.execPath, [main, "models", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const timer = setInterval(() => {
    if (interruptAt?.()) {
      clearInterval(timer);
      child.kill("SIGINT");
    }
  }, 20);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => (stdout += String(text)));
  child.stderr.on("data", (text) => (stderr += String(text)));
  return new Promise((resolve) =>
    child.on("close", (status) => {
      clearInterval(timer);
      resolve({ stdout, stderr, status });
    }),
  );
}

const blobs = join(home, "hub", "models--owner--name", "blobs");
const partBytes = (): number => {
  try {
    const part = readdirSync(blobs).find((name) => name.endsWith(".incomplete"));
    return part === undefined ? 0 : statSync(join(blobs, part)).size;
  } catch {
    return 0;
  }
};

it("Ctrl-C leaves a part that the same command goes on with; the model is listed, verified and removed", async () => {
  hub.habit = (request, response) => {
    if (request.headers.host === new URL(hub.endpoint).host) return false;
    response.writeHead(200, { "content-length": 5e6 });
    response.write(new Uint8Array(2e6).fill(7));
    return true;
  };
  const stopped = await models(["pull", "owner/name"], () => partBytes() >= 2e6);
  expect(stopped.status).toBe(130);
  expect(stopped.stderr).toMatch(/run the same command to go on/);
  expect(readdirSync(join(home, "hub", "models--owner--name")).sort()).toEqual([".claims", "blobs"]);
  hub.habit = () => false;
  const pulled = await models(["pull", "owner/name"]);
  expect(pulled).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/3\.0 MB fetched.*\n.*\n.*5\.0 MB, SHA-256 right/),
  });
  expect(hub.seen.at(-1)?.range).toBe("bytes=2000000-");
  const listed: unknown = JSON.parse((await models(["list", "--json"])).stdout);
  expect(listed).toMatchObject({
    models: [{ repo: "owner/name", snapshots: [{ commit: testCommit, revisions: ["main"] }] }],
  });
  expect(await models(["verify"])).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/2 files have the right checksum/),
  });
  expect((await models(["rm", "owner/name"])).stdout).toMatch(/--yes removes it/);
  expect((await models(["rm", "owner/name", "--yes"])).stdout).toMatch(/^removed/);
  expect(readdirSync(join(home, "hub"))).toEqual([]);
  const missing = await models(["pull", "owner/name", "--file", "none.onnx", "--json"]);
  expect(missing).toMatchObject({ status: 3, stderr: "" });
  expect(missing.stdout).toMatch(/OAL-D165/);
  expect(missing.stdout).not.toContain("hf_secret");
});
