import { detectors, memoryRows, Random, storedStreams } from "oal-core";
import { expect, it } from "vitest";
import { testEngine } from "../testing/engine.js";
import type { OutputSet } from "./outputs.js";
import { scoreSets } from "./score.js";

it("a bank that was filled for fewer neighbours is refused for more than it has", async () => {
  const values = new Random(0, "bank");
  const set: OutputSet = {
    name: "train",
    group: "train",
    labels: new Int32Array(20),
    ids: Array.from({ length: 20 }, (_, i) => String(i)),
    logits: memoryRows(values.normals(0, 40), 2),
    features: memoryRows(values.normals(100, 60), 3),
  };
  const detector = detectors.find("knn");
  const fitted = await detector.fit(storedStreams({ train: set, validation: undefined }, undefined), {
    neighbours: 5,
  });
  const scored = (neighbours: number): Promise<Float32Array[]> =>
    scoreSets({ detector, parameters: { neighbours }, fitted }, [{ ...set, name: "test", group: "test" }], {
      engine: testEngine,
    });
  expect((await scored(20))[0]).toHaveLength(20);
  await expect(scored(21)).rejects.toThrow("detector knn: neighbours is 21, but the bank holds 20 features");
});
