/** Names of hub models, and where the hub and its models are. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseHubName } from "./name.js";
import { hubCache, hubPlace } from "./place.js";

const token = "hf_secretOfThisTest";
let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "oal-hub-place-"));
});
afterAll(() => rm(root, { recursive: true }));

describe("names", () => {
  it.each([
    ["owner/name", "owner/name", "main"],
    ["hf:owner/na.me-1@refs/pr/3", "owner/na.me-1", "refs/pr/3"],
    ["gpt2@v1.0", "gpt2", "v1.0"],
  ])("%s", (text, repo, revision) => {
    expect(parseHubName(text)).toEqual({ repo, revision });
  });

  it.each(["", "../x", "a/b/c", "a//b", "a/..", "a/b@", "a/b@../x", "a b", "a--b", "/a", "https://x/a"])(
    "%j is none",
    (text) => {
      expect(() => parseHubName(text)).toThrow(expect.objectContaining({ code: "OAL-C220" }));
    },
  );
});

describe("where the hub is", () => {
  it("is told by the variables of the hub's own programs", async () => {
    await mkdir(join(root, "home"));
    await writeFile(join(root, "home", "token"), ` ${token}\n`);
    const home = { HF_HOME: join(root, "home") };
    expect(await hubPlace(undefined, home)).toMatchObject({ cache: join(root, "home", "hub"), token });
    expect(await hubPlace("http://localhost:80/x/", { ...home, HF_TOKEN: "t" })).toMatchObject({
      endpoint: "http://localhost/x",
      token: "t",
    });
    expect(hubCache({ ...home, HF_HUB_CACHE: "/c" })).toBe("/c");
    expect(
      (await hubPlace(undefined, { ...home, HF_ENDPOINT: "http://mirror.example" })).token,
    ).toBeUndefined();
  });

  it.each(["ftp://x", "x", "https://user:password@x"])("is not %s", async (endpoint) => {
    await expect(hubPlace(endpoint, {})).rejects.toMatchObject({ code: "OAL-C221" });
    await expect(hubPlace(endpoint, {})).rejects.not.toThrow(/password@/);
  });

  it("is nowhere when the network is switched off", async () => {
    await expect(hubPlace(undefined, { HF_HUB_OFFLINE: "1" })).rejects.toMatchObject({ code: "OAL-C222" });
  });
});
