/** The formulas by which a step's carried tensors get their next values, as far as they are elementwise, and which of them are the same. */
import { reachable } from "../graph/prune.js";
import type { Shape } from "../graph/tensor.js";
import type { Graph, Node, Value } from "../graph/value.js";

/** Carried tensors of one shape whose next values are computed together: a parameter and its optimiser state. */
export interface Formula {
  /** Equal for formulas that differ in their tensors only. */
  readonly key: string;
  readonly shape: Shape;
  /** The carried tensors, and their next values. */
  readonly state: readonly { readonly name: string; readonly input: Value; readonly next: Value }[];
  /** What else it is made of, of the same shape: gradients. */
  readonly leaves: readonly Value[];
  /** What it computes, in order; nothing else reads it. */
  readonly values: readonly Value[];
}

/** A carried tensor with its next value. */
interface Member {
  readonly name: string;
  readonly input: Value;
  readonly next: Value;
}

/** @param carried what the step of this graph carries */
export function formulasOf(
  graph: Graph,
  carried: readonly { readonly name: string; readonly next?: string }[],
): Formula[] {
  const inputs = new Map(graph.inputs.map((input) => [input.name, input]));
  const members = new Map<Value, Member>();
  for (const { name, next: nextName } of carried) {
    const [input, next] = [
      inputs.get(name),
      nextName === undefined ? undefined : graph.outputs.get(nextName),
    ];
    if (input && next && isTensor(input)) members.set(input, { name, input, next });
  }
  const region = regionOf(graph, members);
  for (const [input, { next }] of members) if (!region.has(next)) members.delete(input);
  return unitsOf(region, members).map((unit) => formulaOf(unit, region));
}

/** Float32, of several elements, of a known shape. */
function isTensor(value: Value): boolean {
  const type = value.knownType;
  return (
    type?.dtype === "float32" && type.shape.every((size) => typeof size === "number") && !isScalar(value)
  );
}

function isScalar({ dims }: Value): boolean {
  return dims.every((size) => size === 1);
}

/**
 * Values that are computed element by element from values of their shape and scalars, and that nothing but such values and the next
 * state reads; of these, only those that the state is part of, or that scale a gradient by something computed.
 */
function regionOf(graph: Graph, members: ReadonlyMap<Value, Member>): Set<Value> {
  const { nodes } = reachable(graph);
  const readers = new Map<Value, Node[]>();
  for (const node of nodes)
    for (const input of node.inputs) if (input) readers.set(input, [...(readers.get(input) ?? []), node]);
  const nexts = new Set([...members.values()].map(({ next }) => next));
  const outputs = [...graph.outputs.values()];
  const closed = new Set<Value>();
  for (const node of nodes.toReversed()) {
    const [value] = node.outputs;
    if (!value || !isElementwise(node, value)) continue;
    const isNext = nexts.has(value);
    if (outputs.filter((output) => output === value).length !== (isNext ? 1 : 0)) continue;
    const reading = readers.get(value) ?? [];
    if (reading.every(({ outputs: [result] }) => result && closed.has(result) && sameShape(result, value)))
      if (isNext || reading.length > 0) closed.add(value);
  }
  const region = new Set<Value>();
  for (const node of nodes) {
    const [value] = node.outputs;
    if (!value || !closed.has(value)) continue;
    const operands = node.inputs.filter((input) => input !== null);
    const isOfState = operands.some((input) => members.has(input) || region.has(input));
    const isScaled = operands.every((input) => !isScalar(input) || (input.node !== null && !input.constant));
    if (isOfState || (isScaled && operands.some(isScalar))) region.add(value);
  }
  return region;
}

function isElementwise(node: Node, value: Value): boolean {
  return (
    node.operator.elementwise === true &&
    node.outputs.length === 1 &&
    isTensor(value) &&
    node.inputs.every((input) => input !== null && input.knownType?.dtype === "float32") &&
    node.inputs.every((input) => input && ((input.rank <= 1 && isScalar(input)) || sameShape(input, value)))
  );
}

function sameShape(a: Value, b: Value): boolean {
  return a.dims.join() === b.dims.join();
}

/** Members that share a part of their formulas, together, in the order in which they are carried. */
function unitsOf(region: ReadonlySet<Value>, members: ReadonlyMap<Value, Member>): Member[][] {
  const unitOf = new Map<Value, Set<Member>>();
  for (const member of members.values()) {
    const unit = new Set([member]);
    for (const value of [member.input, ...within(member.next, region, members)]) {
      const before = unitOf.get(value);
      if (before) for (const other of before) unit.add(other);
    }
    for (const other of unit)
      for (const value of [other.input, ...within(other.next, region, members)]) unitOf.set(value, unit);
  }
  const order = [...members.values()];
  return [...new Set(unitOf.values())].map((unit) => order.filter((member) => unit.has(member)));
}

/** The values of the region and the members that a value is made of. */
function within(value: Value, region: ReadonlySet<Value>, members: ReadonlyMap<Value, Member>): Set<Value> {
  const found = new Set<Value>();
  const stack = [value];
  for (let next = stack.pop(); next; next = stack.pop()) {
    if (found.has(next) || !(region.has(next) || members.has(next))) continue;
    found.add(next);
    if (region.has(next)) for (const input of next.node?.inputs ?? []) if (input) stack.push(input);
  }
  return found;
}

/** Writes a formula down, so that equal ones are equal texts. */
function formulaOf(unit: readonly Member[], region: ReadonlySet<Value>): Formula {
  const roles = new Map(unit.map(({ input }, role) => [input, role]));
  const leaves = new Map<Value, number>();
  const values = new Map<Value, number>();
  const write = (value: Value): string => {
    const role = roles.get(value);
    if (role !== undefined) return `state ${role}`;
    const known = values.get(value);
    if (known !== undefined) return `value ${known}`;
    if (value.node && region.has(value)) {
      const { operator, attributes, inputs } = value.node;
      const operands = inputs.map((input) => (input ? write(input) : ""));
      values.set(value, values.size);
      return `${operator.name}${JSON.stringify(attributes)}(${operands.join(", ")})`;
    }
    if (isScalar(value)) return scalarText(value);
    if (!leaves.has(value)) leaves.set(value, leaves.size);
    return `leaf ${leaves.get(value)}`;
  };
  const key = unit.map(({ next }) => write(next)).join("; ");
  const [first] = unit;
  return {
    key,
    shape: first?.input.shape ?? [],
    state: unit,
    leaves: [...leaves.keys()],
    values: [...values.keys()],
  };
}

/** Scalars that are computed alike are the same one. */
function scalarText(value: Value, depth = 3): string {
  if (value.constant) return `${value.dtype} ${value.constant.data.join()}`;
  const { node } = value;
  if (!node || depth === 0 || !node.inputs.every((input) => input && isScalar(input)))
    return `"${value.name}"`;
  const operands = node.inputs.map((input) => (input ? scalarText(input, depth - 1) : ""));
  return `${node.operator.name}${JSON.stringify(node.attributes)}(${operands.join(", ")})`;
}
