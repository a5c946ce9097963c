/** What is in the cache of hub models: listed, compared with its checksums, taken out. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { etagOf, startHub, testCommit, type TestHub } from "../testing/hubServer.js";
import { cachedModels, removalOf, verifyModels } from "./contents.js";
import type { HubPlace } from "./place.js";
import { pullModel } from "./pull.js";
import { hubSnapshot } from "./snapshot.js";

const model = Uint8Array.from({ length: 3000 }, (_, i) => (i * 7919) % 251);
const config = Buffer.from('{"id2label":{"0":"cat"}}');
const modelEtag = etagOf(model, true);
const name = { repo: "owner/name", revision: "main" };

let hub: TestHub;
let root = "";
let place: HubPlace;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "oal-hub-contents-"));
  hub = await startHub();
  hub.files.set("config.json", config);
  hub.files.set("onnx/model.onnx", model);
  hub.files.set("preprocessor_config.json", Buffer.from("{}"));
  hub.large.add("onnx/model.onnx");
  place = { endpoint: hub.endpoint, cache: join(root, "hub"), token: undefined, patience: 5000 };
});
afterEach(async () => {
  await hub.close();
  await rm(root, { recursive: true });
});
const blobs = (): string => join(place.cache, "models--owner--name", "blobs");

describe("models that are here", () => {
  const other = "f".repeat(40);

  /** A second revision with another config and the same model. */
  async function pullTwo(): Promise<void> {
    await pullModel(place, name);
    hub.files.set("config.json", Buffer.from("{}  "));
    hub.habit = (request, response) => {
      if (!request.url?.startsWith("/api/")) return false;
      const siblings = [...hub.files].map(([rfilename, bytes]) => {
        const isLarge = hub.large.has(rfilename);
        const lfs = isLarge ? { lfs: { sha256: etagOf(bytes, true), size: bytes.length } } : {};
        return { rfilename, size: bytes.length, blobId: etagOf(bytes, false), ...lfs };
      });
      response.end(JSON.stringify({ sha: other, siblings }));
      return true;
    };
    await pullModel(place, { repo: "owner/name", revision: "v2" }, { wait: 1 });
  }

  it("are listed with revisions, files and bytes", async () => {
    await pullTwo();
    const [found, ...more] = await cachedModels(place.cache);
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      repo: "owner/name",
      unfinished: 0,
      bytes: model.length + config.length + 2 + 4,
    });
    expect(found?.snapshots.map(({ commit, revisions }) => [commit, revisions])).toEqual([
      [testCommit, ["main"]],
      [other, ["v2"]],
    ]);
    expect(await cachedModels(join(root, "none"))).toEqual([]);
  });

  it("are compared with their checksums", async () => {
    await pullTwo();
    const models = await cachedModels(place.cache);
    expect(await verifyModels(models)).toEqual({ checked: 4, unknown: 0, damaged: [] });
    const bytes = await readFile(join(blobs(), modelEtag));
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    await writeFile(join(blobs(), modelEtag), bytes);
    await rm(join(blobs(), etagOf(config, false)));
    const { damaged } = await verifyModels(await cachedModels(place.cache));
    expect(damaged).toEqual([
      "owner/name: config.json is not there",
      "owner/name: onnx/model.onnx has other bytes than were fetched",
    ]);
  });

  it("go one revision at a time with what no other needs, or altogether", async () => {
    await pullTwo();
    const first = await removalOf(place.cache, { repo: "owner/name", revision: "v2" }, false);
    expect(first.bytes).toBe(4);
    await first.remove();
    expect((await verifyModels(await cachedModels(place.cache))).damaged).toEqual([]);
    expect(() => hubSnapshot("owner/name@v2", place.cache)).toThrow(
      expect.objectContaining({ code: "OAL-D162" }),
    );
    expect(hubSnapshot(`owner/name@${testCommit.slice(0, 8)}`, place.cache)).toContain(testCommit);
    await expect(removalOf(place.cache, { repo: "owner/name", revision: "v2" }, false)).rejects.toMatchObject(
      { code: "OAL-D162" },
    );
    await (await removalOf(place.cache, name, true)).remove();
    expect(await readdir(place.cache)).toEqual([]);
    await expect(removalOf(place.cache, name, true)).rejects.toMatchObject({ code: "OAL-D162" });
  });
});
