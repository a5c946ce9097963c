/** Where the values of a graph lie in its copy: in ordinary memory, in blocks of channels, or, once somebody asked, in both. */
import { oalError } from "../../errors/index.js";
import { wholeBlocks } from "../../graph/ops/blockedMemory.js";
import { at } from "../../graph/ops/access.js";
import { pad } from "../../graph/ops/pad.js";
import { reorderInput } from "../../graph/ops/reorderInput.js";
import { reorderOutput } from "../../graph/ops/reorderOutput.js";
import { reshape } from "../../graph/ops/reshape.js";
import { reachable } from "../../graph/prune.js";
import type { Shape } from "../../graph/tensor.js";
import { Graph, type Value } from "../../graph/value.js";
import type { Form } from "./forms.js";

/** A graph's copy under construction, and for every value of the graph its copies. */
export class Layout {
  readonly target = new Graph();
  /** Linear forms that are known. */
  readonly forms = new Map<Value, Form>();
  /** Channels of a block. */
  readonly block: number;
  readonly #plain = new Map<Value, Value>();
  readonly #blocked = new Map<Value, Value>();
  readonly #derived = new Map<string, Map<Value, Value>>();
  readonly #readers = new Map<Value, number>();
  readonly #views = new Map<Value, Shape>();

  constructor(source: Graph, block: number) {
    this.block = block;
    for (const input of source.inputs) this.#plain.set(input, this.target.input(input.name, input.type));
    for (const name of source.outputs.keys()) this.target.reserveOutput(name);
    const count = (value: Value): void => void this.#readers.set(value, this.readers(value) + 1);
    for (const node of reachable(source).nodes) for (const input of node.inputs) if (input) count(input);
    for (const value of source.outputs.values()) count(value);
  }

  /** How many nodes and outputs of the graph read a value. */
  readers(value: Value): number {
    return this.#readers.get(value) ?? 0;
  }

  /**
   * The shape [N, C, H, W] of a value that can lie in blocks: float32 images whose channels are a multiple of 4, with zeros behind the
   * last where they fill no block; and views of images (see `keepShape`). Otherwise null.
   */
  shapeOf(value: Value): Shape | null {
    const view = this.#views.get(value);
    if (view) return view;
    const type = value.knownType;
    if (!type || type.dtype !== "float32" || type.shape.length !== 4) return null;
    const shape = type.shape.filter((size): size is number => typeof size === "number" && size > 0);
    // The engine reorders 4 channels at once.
    return shape.length === 4 && at(shape, 1) % 4 === 0 ? shape : null;
  }

  /** Whether a value is the view of an image. */
  isView(value: Value): boolean {
    return this.#views.has(value);
  }

  /** Says that a value of another shape has the elements of an image of this one, in the same order. */
  keepShape(value: Value, shape: Shape): void {
    this.#views.set(value, shape);
  }

  /** Channels together with the zeros behind them. */
  whole(channels: number): number {
    return wholeBlocks(channels, this.block);
  }

  /** Whether the copy of a value was made in blocks. */
  isBlocked(value: Value): boolean {
    return this.#blocked.has(value);
  }

  keepPlain(value: Value, copy: Value): void {
    this.#plain.set(value, copy);
  }

  keepBlocked(value: Value, copy: Value): void {
    this.#blocked.set(value, copy);
  }

  /**
   * The copy of a value in ordinary memory.
   *
   * @throws OAL-G102 for a value that nothing computes
   */
  plain(value: Value): Value {
    const known = this.#plain.get(value);
    if (known) return known;
    const blocked = this.#blocked.get(value);
    const copy = blocked ? this.#inOrder(value, blocked) : this.#constant(value);
    this.#plain.set(value, copy);
    return copy;
  }

  /** The copy of a value in blocks; it must have a `shapeOf`. */
  blocked(value: Value): Value {
    const known = this.#blocked.get(value);
    if (known) return known;
    const shape = this.shapeOf(value) ?? value.shape;
    const copy = reorderInput(shaped(this.plain(value), shape), this.block);
    this.#blocked.set(value, copy);
    return copy;
  }

  /** A vector [C] of channels with zeros up to whole blocks. */
  vector(vector: Value): Value {
    const channels = at(vector.shape, 0);
    return pad(vector, [0, this.whole(channels) - channels]);
  }

  /** Something made of a value once, however often it is asked for. */
  derived(what: string, value: Value, make: () => Value): Value {
    const made = this.#derived.get(what) ?? new Map<Value, Value>();
    this.#derived.set(what, made);
    const result = made.get(value) ?? make();
    made.set(value, result);
    return result;
  }

  #inOrder(value: Value, blocked: Value): Value {
    const [, channels = 1] = this.shapeOf(value) ?? value.shape;
    return shaped(reorderOutput(blocked, this.block, { channels }), value.shape);
  }

  #constant(value: Value): Value {
    if (value.constant) return this.target.constant(value.constant, value.name);
    throw oalError("OAL-G102", {
      node: value.name,
      path: value.node?.path ?? "",
      problem: "is read by the graph but is neither computed before it nor an input of it",
    });
  }
}

function shaped(x: Value, shape: Shape): Value {
  return x.shape.join() === shape.join() ? x : reshape(x, shape);
}

/** Makes the outputs of a node in the copy, or returns false to leave them to the next rule. */
export type Rule = (node: NonNullable<Value["node"]>, layout: Layout) => boolean;
