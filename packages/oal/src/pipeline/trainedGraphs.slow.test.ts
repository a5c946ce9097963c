/** What a card is asked for: one step of everything that is trained. */
import { verifyGraph } from "oal-core";
import { expect, it } from "vitest";
import { networks } from "../nn/networks/index.js";
import { recipes } from "../training/recipes/index.js";
import { trainedGraphs } from "./trainedGraphs.js";

it("every network, every recipe that trains, and the parts of the diffusion model are asked for", () => {
  const graphs = trainedGraphs();
  const trained = recipes.all.filter(({ trains }) => trains !== false);
  expect(graphs.map(({ name }) => name)).toEqual([
    ...networks.all.map(({ id }) => id),
    ...trained.map(({ id }) => `recipe ${id}`),
    "auto-encoder",
    "denoiser",
  ]);
  for (const { graph, carried } of graphs.slice(-3)) {
    verifyGraph(graph);
    expect(carried.every(({ next }) => next === undefined || graph.outputs.has(next))).toBe(true);
    expect(carried.filter(({ next }) => next !== undefined).length).toBeGreaterThan(20);
  }
});
