/**
 * Reads the reference values (folder of `OAL_REFERENCE`, default ../shared/reference beside the project): manifests,
 * tensors from files, single values and formulas, and the comparison with an entry's own tolerance. Takes every id,
 * shape, file and hyper-parameter from the manifest. Used by tests only; a missing folder is `null`, so tests can skip.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readNpy, type Tensor } from "oal-core";

type Json = Readonly<Record<string, unknown>>;

/** One tensor of a case: its manifest fields, and its elements when asked for. */
export interface GoldenEntry {
  readonly name: string;
  readonly role: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Tolerance: pass when |got - want| <= atol + rtol |want|; 0 and 0 means equal. */
  readonly rtol: number;
  readonly atol: number;
  /** For gradients: of which output, with respect to which tensor. */
  readonly of: string | undefined;
  readonly wrt: string | undefined;
  readonly variant: string | undefined;
  /** "l2norm", "first64", "first512", ... when only a digest of the full tensor is stored. */
  readonly reduce: string | undefined;
  /** All manifest fields. */
  readonly raw: Json;
  /** Reads (or generates) the elements. */
  load(): Tensor;
}

/** One case of a manifest. */
export interface GoldenCase {
  readonly id: string;
  readonly description: string;
  readonly hyper: Json;
  /** All manifest fields of the case (`expect`, `text`, `class_order`, ...). */
  readonly raw: Json;
  readonly tensors: readonly GoldenEntry[];
  /** The folder the case's files lie in. */
  readonly folder: string;
  /** Everything that the reference computed: outputs, gradients and inner values. */
  readonly results: readonly GoldenEntry[];
  /** Does an entry of this name (and role) exist? */
  has(name: string, role?: string): boolean;
  /** The entry of this name (and role); throws when there is none. */
  entry(name: string, role?: string): GoldenEntry;
  /** The elements of the entry of this name (and role). */
  tensor(name: string, role?: string): Tensor;
}

/** A folder's manifest. */
export interface GoldenManifest {
  readonly cases: readonly GoldenCase[];
  /** Manifest-level fields (`weights`, `denoiser`, `normalisation`, ...). */
  readonly raw: Json;
  readonly folder: string;
}

/** The folder of the reference values, whether or not it exists. */
export function referenceRoot(): string {
  const configured = process.env["OAL_REFERENCE"];
  const project = fileURLToPath(new URL("../../../../", import.meta.url));
  return configured === undefined || configured === ""
    ? resolve(project, "../shared/reference")
    : resolve(project, configured);
}

/**
 * Reads `<reference>/<folder>/manifest.json`.
 *
 * @returns the manifest, or null (with one line on stderr) when the reference values are not there
 */
export function loadManifest(folder: string): GoldenManifest | null {
  const path = join(referenceRoot(), folder, "manifest.json");
  if (!existsSync(path)) {
    process.stderr.write(`reference values not found at ${path}; golden tests of ${folder} are skipped\n`);
    return null;
  }
  const raw = object(JSON.parse(readFileSync(path, "utf8")));
  const base = join(referenceRoot(), folder);
  const cases = list(raw["cases"]).map((item) => goldenCase(object(item), base));
  return { cases, raw, folder: base };
}

/** Roles of tensors that a program of ours is compared with; the others are fed to it. */
const computedRoles: ReadonlySet<string> = new Set(["output", "intermediate", "gradient"]);

function goldenCase(raw: Json, folder: string): GoldenCase {
  const id = text(raw["id"]);
  const tensors = list(raw["tensors"] ?? []).map((item) => goldenEntry(object(item), folder));
  const find = (name: string, role?: string): GoldenEntry | undefined =>
    tensors.find((entry) => entry.name === name && (role === undefined || entry.role === role));
  const entry = (name: string, role?: string): GoldenEntry => {
    const found = find(name, role);
    if (found === undefined)
      throw new Error(`case ${id} has no tensor ${name}${role === undefined ? "" : ` (${role})`}`);
    return found;
  };
  return {
    id,
    description: text(raw["description"] ?? ""),
    hyper: object(raw["hyper"] ?? {}),
    raw,
    tensors,
    folder,
    results: tensors.filter(({ role }) => computedRoles.has(role)),
    has: (name, role) => find(name, role) !== undefined,
    entry,
    tensor: (name, role) => entry(name, role).load(),
  };
}

function goldenEntry(raw: Json, folder: string): GoldenEntry {
  const name = text(raw["name"]);
  const shape = list(raw["shape"]).map(Number);
  const dtype = text(raw["dtype"]);
  return {
    name,
    role: text(raw["role"] ?? ""),
    shape,
    dtype,
    rtol: Number(raw["rtol"] ?? 0),
    atol: Number(raw["atol"] ?? 0),
    of: optionalText(raw["of"]),
    wrt: optionalText(raw["wrt"]),
    variant: optionalText(raw["variant"]),
    reduce: optionalText(raw["reduce"]),
    raw,
    load: () => {
      if (typeof raw["file"] === "string")
        return readNpy(readFileSync(join(folder, raw["file"])), raw["file"]);
      if (raw["fill"] !== undefined) {
        const { seed, scale, offset } = object(raw["fill"]);
        return formulaTensor(shape, Number(seed), Number(scale), Number(offset));
      }
      return scalarTensor(dtype, shape, Number(raw["value"]));
    },
  };
}

/** A float32 tensor by formula; see "Tensors by formula" in the reference's README. */
export function formulaTensor(shape: readonly number[], seed: number, scale: number, offset: number): Tensor {
  const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  const start = Math.imul(seed, 0x9e3779b1);
  for (let i = 0; i < data.length; i++) {
    let x = (i + start) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x = (x ^ (x >>> 16)) >>> 0;
    data[i] = offset + scale * (2 * (x / 4294967296) - 1);
  }
  return { dtype: "float32", shape, data };
}

function scalarTensor(dtype: string, shape: readonly number[], value: number): Tensor {
  if (dtype === "float64") return { dtype, shape, data: Float64Array.of(value) };
  if (dtype === "int32") return { dtype, shape, data: Int32Array.of(value) };
  if (dtype === "uint8") return { dtype, shape, data: Uint8Array.of(value) };
  return { dtype: "float32", shape, data: Float32Array.of(value) };
}

/** The largest deviation of an entry that was compared, as a share of its tolerance. */
const shares = new WeakMap<GoldenEntry, number>();

/** How far an entry was missed where it was compared, as a share of its tolerance (1 is the most that passes); undefined before. */
export function shareOf(entry: GoldenEntry): number | undefined {
  return shares.get(entry);
}

/**
 * Throws unless every element meets the entry's tolerance. A digest entry (`reduce`) digests `got` first.
 *
 * @param got flat elements, C order
 * @param entry the golden entry; only its own rtol and atol count
 */
export function expectClose(got: ArrayLike<number | bigint> | number, entry: GoldenEntry): void {
  const want = entry.load().data;
  let values: ArrayLike<number | bigint> = typeof got === "number" ? [got] : got;
  if (entry.reduce === "l2norm") {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += Number(values[i]) ** 2;
    values = [Math.sqrt(sum)];
  } else if (entry.reduce !== undefined) {
    values = Array.from({ length: Math.min(want.length, values.length) }, (_, i) => Number(values[i]));
  }
  if (values.length !== want.length) {
    shares.set(entry, Infinity);
    throw new Error(`${entry.name}: ${values.length} elements where ${want.length} are expected`);
  }
  let worst = 0;
  let at = -1;
  for (let i = 0; i < want.length; i++) {
    const a = Number(values[i]);
    const b = Number(want[i]);
    if (Object.is(a, b) || a === b) continue;
    const excess = Math.abs(a - b) / (entry.atol + entry.rtol * Math.abs(b));
    if (!(excess <= worst)) {
      worst = Number.isNaN(excess) ? Infinity : excess;
      at = i;
    }
  }
  shares.set(entry, Math.max(worst, shares.get(entry) ?? 0));
  if (worst > 1) {
    throw new Error(
      `${entry.name} (${entry.role}${entry.wrt === undefined ? "" : ` wrt ${entry.wrt}`}): element ${at} is ${String(values[at])}, ` +
        `expected ${String(want[at])}; ${worst.toPrecision(3)} times the tolerance (atol ${entry.atol}, rtol ${entry.rtol})`,
    );
  }
}

function object(value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("manifest: object expected");
  return Object.fromEntries(Object.entries(value));
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error("manifest: list expected");
  return value;
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new Error("manifest: text expected");
  return value;
}

function optionalText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
