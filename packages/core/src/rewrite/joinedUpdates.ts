/**
 * Updates of many small tensors as updates of a few large ones. A step ends in the same few elementwise operators for every parameter
 * and its optimiser state; where every operator costs a launch, as on a graphics processor, that is half of a small network's time. Here
 * tensors whose new values are the same formula lie behind one another in one tensor, which is what the step then carries.
 */
import { expectArguments, kinds } from "../errors/index.js";
import { at } from "../graph/ops/access.js";
import { concat } from "../graph/ops/concat.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { reachable } from "../graph/prune.js";
import { sizeOf, type Shape } from "../graph/tensor.js";
import { aGraph, type Graph, type Value } from "../graph/value.js";
import { Copies } from "./copies.js";
import { formulasOf, type Formula } from "./updateFormulas.js";

/** A tensor that a step carries, and the output that is its next value. */
interface Carried {
  readonly name: string;
  readonly next?: string;
}

/** One tensor [size] that holds several carried ones. */
export interface JoinedTensor extends Carried {
  readonly size: number;
  readonly members: readonly JoinedMember[];
}

/** A carried tensor inside a joined one. */
export interface JoinedMember {
  readonly name: string;
  readonly shape: Shape;
  /** Its first element. */
  readonly offset: number;
}

/** A step that carries joined tensors in the place of their members. */
export interface JoinedStep {
  readonly graph: Graph;
  readonly carried: readonly Carried[];
  readonly joined: readonly JoinedTensor[];
}

/** Elements of a joined tensor at most: WebGPU promises bindings of 128 MiB. */
const mostElements = 2 ** 25;

const carriedTensors = kinds.listOf(kinds.fields({ name: kinds.text, next: kinds.optional(kinds.text) }));

/** Which updates are joined. */
export interface JoinOptions {
  /**
   * Elements of the largest tensor that is joined with others: of large ones the copies cost more than what joining saves, where an
   * operator costs little more than its work. Default: any.
   */
  readonly largestMember?: number;
}

const joinOptions = kinds.fields({ largestMember: kinds.optional(kinds.positiveCount) });

/**
 * A copy of a step's graph with its updates joined, where at least two are of the same formula.
 *
 * @param carried what the step carries
 * @returns the step, whose outputs that are no next value keep their names; every element is computed as before
 * @example const { graph: step, carried: tensors, joined } = joinUpdates(graph, [{ name: "weight", next: "next/weight" }]);
 */
export function joinUpdates(
  graph: Graph,
  carried: readonly Carried[],
  options: JoinOptions = {},
): JoinedStep {
  expectArguments("joinUpdates", {
    graph: [graph, aGraph],
    carried: [carried, carriedTensors],
    options: [options, joinOptions],
  });
  const { largestMember = mostElements } = options;
  const groups = grouped(formulasOf(graph, carried).filter(({ shape }) => sizeOf(shape) <= largestMember));
  const copies = new Copies(graph);
  const { target } = copies;
  const members = new Set(groups.flat().flatMap(({ state }) => state.map(({ name }) => name)));
  const computed = new Set(groups.flat().flatMap(({ values }) => values));
  for (const input of graph.inputs)
    if (!members.has(input.name)) copies.set(input, target.input(input.name, input.type));
  const joined = groups.map((group, index) => declare(group, index, graph, copies));
  for (const node of reachable(graph).nodes)
    if (!node.outputs.some((output) => computed.has(output)))
      target.scope(node.path, () => copies.node(node));
  groups.forEach((group, index) => target.scope("optimizer", () => update(group, at(joined, index), copies)));
  const nexts = new Set(
    carried.flatMap(({ name, next }) => (next !== undefined && members.has(name) ? [next] : [])),
  );
  for (const [name, value] of graph.outputs) if (!nexts.has(name)) target.output(name, copies.of(value));
  const tensors = joined.flat();
  return {
    graph: target,
    carried: [
      ...carried.filter(({ name }) => !members.has(name)),
      ...tensors.map(({ name, next }) => ({ name, next })),
    ],
    joined: tensors,
  };
}

/** Formulas that are the same, as many as fit into one tensor; those that stand alone are left as they are. */
function grouped(formulas: readonly Formula[]): Formula[][] {
  const open = new Map<string, { group: Formula[]; size: number }>();
  const groups: Formula[][] = [];
  for (const formula of formulas) {
    const size = sizeOf(formula.shape);
    let found = open.get(formula.key);
    if (!found || found.size + size > mostElements) {
      found = { group: [], size: 0 };
      open.set(formula.key, found);
      groups.push(found.group);
    }
    found.group.push(formula);
    found.size += size;
  }
  return groups.filter((group) => group.length > 1);
}

/** Declares a group's tensors, one for every role, and cuts its members out of them. */
function declare(
  group: readonly Formula[],
  index: number,
  graph: Graph,
  copies: Copies,
): Required<JoinedTensor>[] {
  const offsets: number[] = [];
  let size = 0;
  for (const { shape } of group) {
    offsets.push(size);
    size += sizeOf(shape);
  }
  return at(group, 0).state.map((_, role) => {
    const name = `joined/${index}/${role}`;
    const whole = copies.target.input(name, { dtype: "float32", shape: [size] });
    const members = group.map(({ state, shape }, place): JoinedMember => {
      const offset = at(offsets, place);
      const member = at(state, role).name;
      const input = graph.inputs.find((candidate) => candidate.name === member);
      const part = slice(whole, [offset], [offset + sizeOf(shape)], [0]);
      if (input) copies.set(input, reshape(part, shape));
      return { name: member, shape, offset };
    });
    return { name, next: `next/${name}`, size, members };
  });
}

/** Computes a group's next values by the formula of its first member. */
function update(group: readonly Formula[], joined: readonly Required<JoinedTensor>[], copies: Copies): void {
  const { target } = copies;
  const first = at(group, 0);
  const whole = new Map<Value, Value>();
  first.state.forEach(({ input }, role) => {
    const tensor = target.inputs.find(({ name }) => name === at(joined, role).name);
    if (tensor) whole.set(input, tensor);
  });
  first.leaves.forEach((leaf, place) => {
    const parts = group.map(({ leaves }) => reshape(copies.of(at(leaves, place)), [-1]));
    whole.set(leaf, concat(parts, 0));
  });
  for (const value of first.values) {
    const { node } = value;
    if (!node) continue;
    const inputs = node.inputs.map((input) => input && (whole.get(input) ?? copies.of(input)));
    whole.set(value, at(target.node(node.operator, inputs, node.attributes), 0));
  }
  first.state.forEach(({ next }, role) =>
    target.output(at(joined, role).next, whole.get(next) ?? copies.of(next)),
  );
}
