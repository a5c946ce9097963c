/** A program of its own, because it opens WebGPU: prints what of oal's training steps is left to the CPU, as one line of JSON. */
import { fallbacksOf } from "../runtime/engines/index.js";
import { trainedGraphs } from "./trainedGraphs.js";

const steps = trainedGraphs();
const left: Record<string, readonly string[]> = {};
const asked = new Set<string>();
for (const { name, graph, carried } of steps) {
  // Deeper networks of a kind have the operators of the others.
  const kinds = graph.nodes.map(
    ({ operator, inputs }) =>
      `${operator.name} ${inputs.map((input) => input && `${input.dtype} ${input.rank}`).join()}`,
  );
  if (kinds.every((kind) => asked.has(kind))) continue;
  for (const kind of kinds) asked.add(kind);
  const found = await fallbacksOf(graph, carried);
  if (found.length > 0) left[name] = found;
}
process.stdout.write(`${JSON.stringify({ steps: steps.length, left })}\n`);
