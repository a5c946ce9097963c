/**
 * The text encoder of a model folder, cut behind its table of token embeddings: fed with the embeddings themselves, any of them may be
 * another one than the table's. The cut is the Gather that looks the table up by `input_ids`.
 */
import {
  Graph,
  inline,
  oalError,
  toNumbers,
  type DType,
  type Engine,
  type Node,
  type Session,
  type Tensor,
  type Value,
  type ValueInfo,
} from "oal-core";
import { fedType, floatsOf, tensorAs } from "../diffusion/feeds.js";
import { readModelFile } from "../../runtime/modelFile.js";

/** What of a text encoder is needed to say a prompt. */
export interface TokenTable {
  /** Length of a token's embedding. */
  readonly width: number;
  /** Number of tokens. */
  readonly size: number;
  /** Length of a state of the encoder; absent where the file leaves it open. */
  readonly stateWidth?: number;
  /** Whether its numbers have 16 bits, and with it, as a rule, those of the whole model. */
  readonly isHalf: boolean;
  /** The embedding of a token, a copy. */
  row(token: number): Float32Array;
}

/** Names of the cut encoder's inputs. */
export const cutNames = {
  /** Token numbers [rows, length], in the element type of the model. */
  ids: "input_ids",
  /** Their embeddings [rows, length, width]. */
  embeddings: "token_embeddings",
  /** Ones, where the model asks which tokens count. */
  mask: "attention_mask",
} as const;

/** Operators behind which token numbers are still token numbers. */
const passes = ["Reshape", "Cast", "Identity", "Flatten", "Squeeze", "Unsqueeze"];

const floats: readonly DType[] = ["float32", "float16", "float64"];

interface Lookup {
  readonly ids: Value;
  readonly gather: Node;
  readonly table: Value;
}

/** The table of token embeddings. @throws OAL-D173 when it or the states are not found, those of `readModelFile` */
export async function readTokenTable(path: string): Promise<TokenTable> {
  const { graph } = await readModelFile(path);
  const { table } = lookupIn(graph, path);
  if (!table.constant) throw notFound(path);
  const { dtype, shape } = table.constant;
  // a copy: the table may be a view of the bytes of the whole file
  const data = table.constant.data.slice();
  const [size = 0, width = 0] = shape;
  const outputs = Array.from(graph.outputs, ([name, value]) => ({
    name,
    shape: value.knownType?.shape ?? [],
  }));
  const stateWidth = outputs.length > 0 ? statesOf({ outputs }, path).shape[2] : undefined;
  return {
    width,
    size,
    ...(typeof stateWidth === "number" ? { stateWidth } : {}),
    isHalf: dtype === "float16",
    row: (token) => {
      const part = data.slice(token * width, (token + 1) * width);
      return Float32Array.from(toNumbers({ dtype, shape: [width], data: part }));
    },
  };
}

/**
 * Opens the encoder behind the table.
 *
 * @returns a session with the inputs of {@link cutNames} and the outputs of the encoder
 * @throws OAL-D173 when the table is not found, OAL-D172 for an input that is not known
 * @cost the weights are in memory three times while it is prepared
 */
export async function openCutEncoder(engine: Engine, path: string): Promise<Session> {
  const { graph } = await readModelFile(path);
  const { gather, table, ids } = lookupIn(graph, path);
  const [found] = gather.outputs;
  if (!found) throw notFound(path);
  const cut = new Graph();
  const [rows = "rows", length = "length"] = ids.dims;
  const embeddings = cut.input(cutNames.embeddings, {
    dtype: found.knownType?.dtype ?? table.dtype,
    shape: [rows, length, table.size(1)],
  });
  const substitutes = new Map([
    [found, embeddings],
    [ids, cut.input(cutNames.ids, ids.type)],
  ]);
  for (const input of graph.inputs) {
    if (input === ids) continue;
    if (input.name !== cutNames.mask)
      throw oalError("OAL-D172", { path, problem: `it has an input "${input.name}" that is not known` });
    substitutes.set(input, cut.input(cutNames.mask, input.type));
  }
  for (const name of graph.outputs.keys()) cut.reserveOutput(name);
  const copies = inline(cut, graph, substitutes);
  for (const [name, value] of graph.outputs) {
    const copy = copies.get(value);
    if (copy) cut.output(name, copy);
  }
  return engine.compile(cut);
}

/**
 * What a cut encoder is fed with for one row of tokens.
 *
 * @param embeddings of its tokens, [length, width]
 * @throws OAL-D172 for an input of a type that no number is fed as
 */
export function rowFeeds(
  session: Session,
  path: string,
  row: readonly number[],
  embeddings: Float32Array,
): Record<string, Tensor> {
  const { length } = row;
  const feeds = session.inputs.map((input): [string, Tensor] => {
    const dtype = fedType(input, path);
    if (input.name === cutNames.embeddings)
      return [input.name, tensorAs(dtype, [1, length, embeddings.length / length], embeddings)];
    const numbers = input.name === cutNames.ids ? row : row.map(() => 1);
    return [input.name, tensorAs(dtype, [1, length], Float32Array.from(numbers))];
  });
  return Object.fromEntries(feeds);
}

/**
 * States of one row of tokens.
 *
 * @param session of {@link openCutEncoder}
 * @param embeddings of its tokens, [length, width]
 * @returns [length, state width]
 * @throws OAL-D173 when no output holds the states of all tokens
 */
export async function encodeRow(
  session: Session,
  path: string,
  row: readonly number[],
  embeddings: Float32Array,
): Promise<Float32Array> {
  const { name } = statesOf(session, path);
  const { [name]: states } = await session.run(rowFeeds(session, path, row, embeddings), [name]);
  if (!states) throw oalError("OAL-X101", { problem: "the cut text encoder has no states" });
  return floatsOf(states);
}

/** The look-up of the token numbers in a constant table. */
function lookupIn(graph: Graph, path: string): Lookup {
  const ids = graph.inputs.find(({ name }) => name === cutNames.ids) ?? graph.inputs[0];
  for (const gather of graph.nodes) {
    if (gather.operator.name !== "Gather") continue;
    const [data, indices] = gather.inputs;
    const table = data && tableOf(data);
    const isTable = table?.rank === 2 && floats.includes(table.dtype);
    if (isTable && indices && ids && leadsFrom(ids, indices)) return { ids, gather, table };
  }
  throw notFound(path);
}

/** The constant behind casts. */
function tableOf(value: Value): Value | null {
  if (value.constant) return value;
  const { node } = value;
  const [from] = node?.inputs ?? [];
  return node?.operator.name === "Cast" && from ? tableOf(from) : null;
}

function leadsFrom(start: Value, value: Value): boolean {
  if (value === start) return true;
  const { node } = value;
  const [from] = node?.inputs ?? [];
  return node !== null && passes.includes(node.operator.name) && !!from && leadsFrom(start, from);
}

/** The states of all tokens: `last_hidden_state`, or the output of three axes; the other one is of the whole text. */
function statesOf<Output extends Pick<ValueInfo, "name" | "shape">>(
  { outputs }: { readonly outputs: readonly Output[] },
  path: string,
): Output {
  const found =
    outputs.find(({ name }) => name === "last_hidden_state") ??
    outputs.find(({ shape }) => shape.length === 3) ??
    (outputs.length === 1 ? outputs[0] : undefined);
  if (found) return found;
  throw oalError("OAL-D173", {
    path,
    problem: `none of its outputs (${outputs.map(({ name }) => name).join(", ")}) holds the states of all tokens`,
  });
}

function notFound(path: string): Error {
  return oalError("OAL-D173", {
    path,
    problem:
      "its table of token embeddings was not found: no Gather looks its input_ids up in a constant of floats",
  });
}
