/** Fetching models from a hub on this machine that has every bad habit of networks. */
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { isOalError, Random } from "oal-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { etagOf, startHub, testCommit, type Habit, type TestHub } from "../testing/hubServer.js";
import { tryClaim } from "../runtime/claims/claim.js";
import { thisProcess } from "../runtime/claims/owner.js";
import type { HubPlace } from "./place.js";
import { pullModel, type PulledModel, type PullOptions } from "./pull.js";
import { hubSnapshot } from "./snapshot.js";

const model = Uint8Array.from(new Random(1, "test/hub").uniforms(0, 200_000), (u) => 256 * u);
const config = Buffer.from('{"id2label":{"0":"cat"}}');
const token = "hf_secretOfThisTest";

let hub: TestHub;
let root = "";
let place: HubPlace;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "oal-hub-"));
  hub = await startHub();
  hub.files.set("README.md", Buffer.from("# a model"));
  hub.files.set("config.json", config);
  hub.files.set("onnx/model.onnx", model);
  hub.files.set("preprocessor_config.json", Buffer.from("{}"));
  hub.large.add("onnx/model.onnx");
  place = { endpoint: hub.endpoint, cache: join(root, "hub"), token, patience: 5000 };
});
afterEach(async () => {
  await hub.close();
  await rm(root, { recursive: true });
});

const name = { repo: "owner/name", revision: "main" };
const pull = (options: PullOptions = {}): Promise<PulledModel> =>
  pullModel(place, name, { wait: 1, ...options });
const repoFolder = (): string => join(place.cache, "models--owner--name");
const blobs = (): string => join(repoFolder(), "blobs");
const modelEtag = etagOf(model, true);
const part = (): string => join(blobs(), `${modelEtag}.incomplete`);
const fileRequests = (): typeof hub.seen => hub.seen.filter(({ server }) => server === "store");

/** The error of a pull; the token is in nothing that it says. */
async function refusal(options: PullOptions = {}): Promise<{ code: string; message: string }> {
  const error: unknown = await pull(options).catch((reason: unknown) => reason);
  if (!isOalError(error)) throw error;
  expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain(token);
  return error;
}

async function expectWhole({ folder }: PulledModel): Promise<void> {
  expect(Buffer.compare(await readFile(join(folder, "onnx", "model.onnx")), model)).toBe(0);
  expect(await readdir(blobs())).toHaveLength(3);
}

/** A habit of the store for large files alone. */
const ofStore =
  (habit: (request: IncomingMessage, response: ServerResponse) => void): Habit =>
  (request, response) => {
    if (request.headers.host === new URL(hub.endpoint).host) return false;
    habit(request, response);
    return true;
  };
/** Announces the rest of the file, sends a part of it and cuts. */
const cutAfter = (bytes: number): Habit =>
  ofStore((request, response) => {
    const start = Number(/\d+/.exec(request.headers.range ?? "")?.[0] ?? 0);
    const range = { "content-range": `bytes ${start}-${model.length - 1}/${model.length}` };
    response.writeHead(start > 0 ? 206 : 200, {
      "content-length": model.length - start,
      ...(start > 0 ? range : {}),
    });
    response.write(model.subarray(start, start + bytes), () => response.destroy());
  });

describe("a pull", () => {
  it("takes the model and what says how pictures go in, in the hub's own layout", async () => {
    const pulled = await pull();
    const paths = pulled.files.map(({ path, checked }) => [path, checked]);
    expect(paths).toEqual([
      ["config.json", "git"],
      ["onnx/model.onnx", "sha256"],
      ["preprocessor_config.json", "git"],
    ]);
    expect(pulled.folder).toBe(join(repoFolder(), "snapshots", testCommit));
    expect(await readFile(join(repoFolder(), "refs", "main"), "utf8")).toBe(testCommit);
    expect(await readlink(join(pulled.folder, "onnx", "model.onnx"))).toBe(`../../../blobs/${modelEtag}`);
    expect(await readlink(join(pulled.folder, "config.json"))).toBe(`../../blobs/${etagOf(config, false)}`);
    expect((await readdir(join(repoFolder(), "snapshots"))).sort()).toEqual([testCommit]);
    await expectWhole(pulled);
    expect(hubSnapshot("hf:owner/name", place.cache)).toBe(pulled.folder);
  });

  it("fetches nothing twice, and adds a file that is asked for later", async () => {
    await pull();
    const before = fileRequests().length;
    const again = await pull();
    expect([again.fetched, again.files.every(({ kept }) => kept), fileRequests().length]).toEqual([
      0,
      true,
      before,
    ]);
    const { folder } = await pull({ patterns: ["README.md"] });
    expect((await readdir(folder)).sort()).toEqual([
      "README.md",
      "config.json",
      "onnx",
      "preprocessor_config.json",
    ]);
  });

  it("sends the token to the hub, and not where it redirects to", async () => {
    await pull();
    const sent = (server: string): unknown[] => [
      ...new Set(hub.seen.filter((each) => each.server === server).map(({ authorization }) => authorization)),
    ];
    expect([sent("hub"), sent("store")]).toEqual([[`Bearer ${token}`], [undefined]]);
  });

  it("goes on where the connection was cut, as often as something comes", async () => {
    hub.habit = cutAfter(30_000);
    const pulled = await pull({ tries: 2 });
    await expectWhole(pulled);
    expect(fileRequests().map(({ range }) => range)).toEqual([
      undefined,
      ...[1, 2, 3, 4, 5, 6].map((n) => `bytes=${30_000 * n}-`),
    ]);
  });

  it("goes on in a later command, and tells progress of all files", async () => {
    hub.habit = cutAfter(500);
    expect((await refusal({ tries: 2 })).code).toBe("OAL-D166");
    expect(await readFile(part())).toEqual(Buffer.from(model.subarray(0, 1000)));
    expect(existsSync(join(repoFolder(), "snapshots"))).toBe(false);
    hub.habit = () => false;
    const told: number[] = [];
    const pulled = await pull({ onProgress: ({ bytes, total }) => told.push(bytes / total) });
    await expectWhole(pulled);
    expect(fileRequests().at(-1)?.range).toBe("bytes=1000-");
    expect([...told].sort((a, b) => a - b)).toEqual(told);
    expect(told.at(-1)).toBe(1);
  });

  it("starts a file anew where a server knows no ranges", async () => {
    await mkdir(blobs(), { recursive: true });
    await writeFile(part(), model.subarray(0, 5000));
    hub.habit = (request) => {
      delete request.headers.range;
      return false;
    };
    await expectWhole(await pull());
  });

  it("starts anew when what an earlier command left is damaged", async () => {
    await mkdir(blobs(), { recursive: true });
    await writeFile(part(), new Uint8Array(5000));
    await expectWhole(await pull());
    expect(fileRequests().map(({ range }) => range)).toEqual(["bytes=5000-", undefined]);
  });

  it("keeps nothing of a file whose checksum is wrong", async () => {
    hub.habit = ofStore((_request, response) => {
      response.end(Uint8Array.from(model, (byte, i) => (i === 777 ? byte ^ 1 : byte)));
    });
    const error = await refusal();
    expect(error).toMatchObject({ code: "OAL-D167" });
    expect(error.message).toContain(modelEtag);
    expect((await readdir(blobs())).filter((entry) => entry.startsWith(modelEtag))).toEqual([]);
    expect(existsSync(join(repoFolder(), "snapshots"))).toBe(false);
  });

  it.each([
    ["shorter", model.subarray(1), "content-length"],
    ["longer", Buffer.concat([model, model]), "content-length"],
    ["longer than told", Buffer.concat([model, model]), "none"],
  ] as const)("refuses a file that is %s than listed", async (_, bytes, header) => {
    hub.habit = ofStore((_request, response) => {
      response.writeHead(200, header === "none" ? {} : { "content-length": bytes.length });
      response.end(bytes);
    });
    const error = await refusal();
    expect(error.code).toBe("OAL-D167");
    // seen by its length, not when all of it had been taken
    expect(error.message).toMatch(new RegExp(`\\b${model.length}\\b`));
    expect((await readdir(blobs())).filter((entry) => entry.startsWith(modelEtag))).toEqual([]);
  });

  it.each([
    [404, "RepoNotFound", "OAL-D163", /has no owner\/name/],
    [404, "RevisionNotFound", "OAL-D163", /without a revision "main"/],
    [401, "RepoNotFound", "OAL-D164", /does not exist, or the token may not read it/],
    [403, "GatedRepo", "OAL-D164", /ask on its page/],
    [400, "", "OAL-D168", /answers 400/],
  ])("a status of %i (%s) is %s", async (status, said, code, words) => {
    hub.habit = (_request, response) => {
      response.writeHead(status, { "x-error-code": said }).end("no");
      return true;
    };
    const error = await refusal();
    expect(error.code).toBe(code);
    expect(error.message).toMatch(words);
    expect(hub.seen).toHaveLength(1);
  });

  it("says that no token was sent where that may be the reason", async () => {
    place = { ...place, token: undefined };
    hub.habit = (_request, response) => {
      response.writeHead(401).end();
      return true;
    };
    expect((await refusal()).message).toMatch(/no token was sent/);
  });

  it("asks again when the hub is busy, and gives up after some tries", async () => {
    let count = 0;
    hub.habit = (_request, response) => {
      if (count++ > 1) return false;
      response.writeHead(count === 1 ? 503 : 429).end();
      return true;
    };
    const waits: string[] = [];
    await expectWhole(await pull({ onWait: (problem) => waits.push(problem) }));
    expect(waits).toEqual(["it answers 503", "it answers 429"]);
    count = -Infinity;
    hub.seen.length = 0;
    expect(await refusal({ tries: 3 })).toMatchObject({ code: "OAL-D166" });
    expect(hub.seen).toHaveLength(3);
  });

  it.each([
    ["in a circle", "/again", /redirects more than 10 times/],
    ["to something that is no web address", "file:///etc/passwd", /not safe to follow/],
  ])("refuses redirects %s", async (_, location, words) => {
    hub.habit = (_request, response) => {
      response.writeHead(302, { location }).end();
      return true;
    };
    const error = await refusal();
    expect(error.code).toBe("OAL-D168");
    expect(error.message).toMatch(words);
    expect(hub.seen.length).toBeLessThan(13);
  });

  it("gives up a connection on which hardly anything comes, and keeps what came", async () => {
    place = { ...place, patience: 60 };
    hub.habit = ofStore((_request, response) => {
      response.writeHead(200, { "content-length": model.length });
      response.write(model.subarray(0, 2000));
      const timer = setInterval(() => response.write(model.subarray(2000, 2001)), 10);
      response.on("close", () => clearInterval(timer));
    });
    const error = await refusal({ tries: 1 });
    expect(error.code).toBe("OAL-D166");
    expect(error.message).toMatch(/hardly anything/);
    expect((await readFile(part())).length).toBeGreaterThanOrEqual(2000);
  });

  it("gives up a hub that does not answer, or is not there", async () => {
    place = { ...place, patience: 40 };
    hub.habit = () => true;
    expect((await refusal({ tries: 1 })).message).toMatch(/no answer within/);
    place = { ...place, endpoint: "http://127.0.0.1:9" };
    expect((await refusal({ tries: 1 })).code).toBe("OAL-D166");
  });

  it("gives up a server without ranges that is cut at the same place every time", async () => {
    hub.habit = ofStore((_request, response) => {
      response.writeHead(200, { "content-length": model.length });
      response.write(model.subarray(0, 90_000), () => response.destroy());
    });
    expect(await refusal({ tries: 3 })).toMatchObject({ code: "OAL-D166" });
    expect(fileRequests().length).toBeLessThan(9);
  });

  it("is stopped at once by a signal, with what came kept for the next time", async () => {
    const controller = new AbortController();
    hub.habit = ofStore((_request, response) => {
      response.writeHead(200, { "content-length": model.length });
      response.write(model.subarray(0, 70_000));
    });
    const stopped = new Error("stopped");
    const failed = pull({
      signal: controller.signal,
      onProgress: ({ path, bytes }) => {
        if (path.endsWith(".onnx") && bytes >= 70_000) controller.abort(stopped);
      },
    });
    await expect(failed).rejects.toBe(stopped);
    expect((await readFile(part())).length).toBe(70_000);
    hub.habit = () => false;
    await expectWhole(await pull());
    expect(fileRequests().at(-1)?.range).toBe("bytes=70000-");
  });

  it.skipIf(!existsSync("/dev/full"))("says when the disk is full while it writes", async () => {
    await mkdir(blobs(), { recursive: true });
    await symlink("/dev/full", part());
    const error = await refusal();
    expect(error.code).toBe("OAL-I101");
    expect(error.message).toMatch(/the disk is full/);
  });

  it("shows no model on a disk that fills while it comes, and goes on where there is room again", async (context) => {
    await mkdir(place.cache, { recursive: true });
    const mounted = (options: string): boolean =>
      spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", place.cache]).status === 0;
    context.skip(!mounted("size=96k"), "no file system can be mounted here");
    try {
      const error = await refusal({ freeBytes: () => Promise.resolve(1e9) });
      expect(error.code).toBe("OAL-I101");
      expect(error.message).toContain(".incomplete");
      const came = (await readFile(part())).length;
      expect(came).toBeGreaterThan(0);
      expect(existsSync(join(repoFolder(), "snapshots"))).toBe(false);
      expect(() => hubSnapshot("hf:owner/name", place.cache)).toThrow();
      expect(mounted("remount,size=1m")).toBe(true);
      await expectWhole(await pull());
      expect(fileRequests().at(-1)?.range).toBe(`bytes=${came}-`);
    } finally {
      spawnSync("umount", [place.cache]);
    }
  });

  it("begins nothing that the disk has no room for", async () => {
    const error = await refusal({ freeBytes: () => Promise.resolve(1000) });
    expect(error.code).toBe("OAL-I101");
    expect(error.message).toMatch(/1000 are free/);
    expect(fileRequests()).toEqual([]);
  });

  it("asks before gigabytes", async () => {
    hub.habit = (request, response) => {
      if (!request.url?.startsWith("/api/")) return false;
      const lfs = { sha256: "a".repeat(64), size: 3e9 };
      response.end(JSON.stringify({ sha: testCommit, siblings: [{ rfilename: "model.onnx", lfs }] }));
      return true;
    };
    const asked: number[] = [];
    const freeBytes = (): Promise<number> => Promise.resolve(1e12);
    const approve = (bytes: number): Promise<boolean> => Promise.resolve(asked.push(bytes) < 0);
    expect((await refusal({ freeBytes, approve })).code).toBe("OAL-C223");
    expect((await refusal({ freeBytes })).message).toMatch(/3\.0 GB/);
    expect(asked).toEqual([3e9]);
    expect(hub.seen.every(({ path }) => path.startsWith("/api/"))).toBe(true);
  });

  it("asks a mirror that lists names only for size and checksum of every file", async () => {
    hub.tellsFacts = false;
    const pulled = await pull();
    expect(pulled.files.map(({ checked }) => checked)).toEqual(["git", "sha256", "git"]);
    await expectWhole(pulled);
  });

  it.each([
    ["a login page", "<html>Welcome to our network</html>", /not the list of a model's files/],
    [
      "a file outside the model",
      JSON.stringify({ sha: testCommit, siblings: [{ rfilename: "../../model.onnx" }] }),
      /no path inside a model/,
    ],
    ["a commit that is a path", JSON.stringify({ sha: "../../../etc", siblings: [] }), /not the list/],
  ])("refuses %s in place of a listing", async (_, text, words) => {
    hub.habit = (_request, response) => {
      response.end(text);
      return true;
    };
    const error = await refusal();
    expect(error.code).toBe("OAL-D168");
    expect(error.message).toMatch(words);
  });

  it("waits for no other process: it is named, unless it is gone", async () => {
    const claims = join(repoFolder(), ".claims");
    const name = basename(part(), ".incomplete");
    const held = await tryClaim(claims, name);
    if (!("claim" in held)) throw new Error("not claimed");
    const refused = await refusal();
    expect(refused.code).toBe("OAL-D169");
    expect(refused.message).toContain(`process ${process.pid} on `);
    await held.claim.release();
    // a number that another process has got since is not the process that died
    await mkdir(join(claims, `${name}.1`));
    const gone = { ...thisProcess(), ticks: "1" };
    await writeFile(join(claims, `${name}.1`, "owner.json"), JSON.stringify(gone));
    await expectWhole(await pull());
  });
});
