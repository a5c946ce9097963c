/** What a model file says of itself, read from its bytes, and whether they are still what was written. */
import { modelMetadata, oalError, type PictureRule, type SelfTest } from "oal-core";

/** A detector as a model file keeps it. */
export interface StoredDetector {
  readonly id: string;
  readonly title: string;
  /** Names of its outputs. */
  readonly outputs: {
    readonly score: string;
    readonly pValue: string;
    readonly known: string;
    readonly ask?: string;
  };
  readonly decision: {
    /** Share of known pictures that its cut keeps. */
    readonly target: number;
    /** Number of pictures it was calibrated on. */
    readonly count: number;
    /** Scores from which on a picture is known; infinite ones are texts. */
    readonly cuts: { readonly unknown: number | string; readonly ask?: number | string };
  };
  readonly jumps?: true;
}

/** Everything that is needed to ask a model file; docs/model-file.md says more of each. */
export interface ModelFacts extends PictureRule {
  readonly version: string;
  readonly name: string;
  readonly preprocessing: PictureRule["preprocessing"] & {
    readonly orientation: "apply" | "ignore";
    readonly maxPixels: number;
  };
  readonly classNames: readonly string[];
  /** Id of the detector that decides. */
  readonly decides: string;
  readonly detectors: readonly StoredDetector[];
  readonly selfTest?: SelfTest | undefined;
}

/** The format that is read. */
const format = "2";
/** Hexadecimal digits of the checksum at the end of a file. */
const checksumLength = 64;

type Unchecked = { readonly [Key in keyof ModelFacts]: unknown };

/** Whether everything is there; what it holds is what was written, as the checksum tells. */
function isModelFacts(facts: Unchecked): facts is ModelFacts {
  const { selfTest: _, ...needed } = facts;
  return Object.values(needed).every(Boolean);
}

/**
 * The facts of a model file.
 *
 * @param path what the file is called, for errors
 * @throws OAL-G112, OAL-I143 when it is no model file of oal, OAL-I144 for one of another format, OAL-I103 for a damaged one, OAL-I166
 *   for one whose weights lie beside it
 */
export function readFacts(bytes: Uint8Array, path: string): ModelFacts {
  const metadata = modelMetadata(bytes);
  const text = (key: string): string | undefined => metadata.get(`oal.${key}`);
  const found = text("format");
  if (found === undefined)
    throw oalError("OAL-I143", { path, problem: "it is an ONNX model without detector and decision" });
  if (found !== format) throw oalError("OAL-I144", { path, found, wanted: format });
  if (text("weights") !== undefined) throw oalError("OAL-I166", { path });
  try {
    const json = (key: string): unknown => JSON.parse(text(key) ?? "null") ?? undefined;
    const facts = {
      version: text("version"),
      name: text("name"),
      preprocessing: json("preprocessing"),
      input: json("input"),
      classNames: json("classNames"),
      decides: text("decides"),
      detectors: json("detectors"),
      selfTest: json("selfTest"),
    };
    if (isModelFacts(facts)) return facts;
  } catch {
    // text that is no JSON
  }
  throw oalError("OAL-I103", { path, problem: "its metadata do not fit" });
}

/**
 * Compares a file with the checksum at its end.
 *
 * @returns whether that was possible: browsers have SHA-256 on pages that came by https or from this machine only
 * @throws OAL-I103 when a byte has changed
 */
export async function verifyChecksum(bytes: Uint8Array<ArrayBuffer>, path: string): Promise<boolean> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (!subtle) return false;
  const hash = new Uint8Array(await subtle.digest("SHA-256", bytes.subarray(0, -checksumLength)));
  const wanted = new TextDecoder().decode(bytes.subarray(-checksumLength));
  if (Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") !== wanted)
    throw oalError("OAL-I103", { path, problem: "its content has changed since it was written" });
  return true;
}
