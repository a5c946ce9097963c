/** The data of a run: prepared once, found afterwards. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { measureNormalisation } from "../../data/statistics.js";
import { loadConfiguration } from "../configuration/index.js";
import { listenerLogs } from "../events.js";
import { preflight } from "../preflight.js";
import { ArtifactStore } from "../store/artifactStore.js";
import { versions } from "../versions.js";
import { prepareData } from "./data.js";

const root = mkdtempSync(join(tmpdir(), "oal-data-stage-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it("has the normalisation of the training images, measured when they were prepared", async () => {
  const set = ["data.embedded={train: 20, validation: 20, test: 20, validationOod: 20, ood: 20}"];
  const config = loadConfiguration("embedded", { set: [...set, "data.normalisation=measured"] });
  const ahead = await preflight(config, { methods: ["ce"], until: "data" });
  const heard: string[] = [];
  const workshop = {
    store: new ArtifactStore(join(root, "store")),
    events: listenerLogs(({ stage, text }) => heard.push(`${stage} ${text ?? ""}`)),
    versions: versions(),
    signal: new AbortController().signal,
  };
  const first = await prepareData(config, ahead, workshop);
  const measured = measureNormalisation(first.train.set);
  expect(new Set([...measured.mean, ...measured.std]).size).toBeGreaterThan(2);
  expect(first.normalisation).toEqual(measured);
  heard.length = 0;
  const again = await prepareData(config, ahead, workshop);
  expect(heard).toContain("data found, made earlier");
  expect(again.normalisation).toEqual(measured);
});
