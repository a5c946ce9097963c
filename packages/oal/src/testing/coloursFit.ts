/** For tests only: a small model of someone else and folders of pictures that it can be fitted to. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  conv2d,
  float32Tensor,
  gemm,
  globalAveragePool,
  Graph,
  Random,
  relu,
  softmax,
  writeModel,
} from "oal-core";
import sharp from "sharp";
import { testEngine } from "./engine.js";

/** What the model's pixels become. */
export const colourNormalisation = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;

/**
 * Pictures of 8 x 8 pixels in, twelve features of their colours, classes that nobody names.
 *
 * @param classes how many; null: two, with class scores as they are instead of probabilities
 * @param blind  whether it says the same of every picture
 */
export function coloursModel(classes: number | null, blind = false): Uint8Array {
  const graph = new Graph();
  const random = new Random(1, "colours");
  const input = graph.input("input", { dtype: "float32", shape: ["batch", 3, 8, 8] });
  const kernel = graph.constant(float32Tensor([12, 3, 1, 1], random.normals(0, 36)), "stem");
  const features = globalAveragePool(relu(conv2d(input, kernel)));
  const count = classes ?? 2;
  const weight = graph.constant(
    float32Tensor([count, 12], blind ? new Float32Array(12 * count) : random.normals(1, 12 * count)),
    "fc.weight",
  );
  const logits = gemm(features, weight, null, { transB: true });
  graph.output("scores", classes === null ? logits : softmax(logits, 1));
  return writeModel(graph);
}

/** A folder for one test file, with the model, three colours of 16 pictures, and ten grey ones. */
export class ColourFolder {
  readonly root: string = mkdtempSync(join(tmpdir(), "oal-fit-"));
  /** The model, fitted to the three colours. */
  readonly usual = {
    model: this.at("colours.onnx"),
    id: this.at("three"),
    out: this.at("out"),
    engine: testEngine,
    load: { normalisation: colourNormalisation },
  };
  readonly #cache = process.env["OAL_CACHE"];

  /** A path inside. */
  at(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  /** Writes model and pictures; the cache lies inside too. */
  async fill(): Promise<void> {
    process.env["OAL_CACHE"] = this.at("cache");
    writeFileSync(this.at("colours.onnx"), coloursModel(null));
    for (const [c, name] of ["red", "green", "blue"].entries())
      for (let i = 0; i < 16; i++) await this.draw(`three/${name}/${i}.png`, c, i);
    for (let i = 0; i < 10; i++) await this.draw(`grey/${i}.png`, -1, i);
  }

  /** Writes a noisy picture of one colour; -1 for grey. */
  async draw(path: string, colour: number, seed: number): Promise<void> {
    const noise = new Random(seed, `picture ${colour}`).uniforms(0, 8 * 8 * 3);
    const pixels = Uint8Array.from(
      noise,
      (u, i) => (colour < 0 ? 100 : i % 3 === colour ? 150 : 40) + 60 * u,
    );
    mkdirSync(dirname(this.at(path)), { recursive: true });
    const raw = { width: 8, height: 8, channels: 3 } as const;
    writeFileSync(this.at(path), await sharp(pixels, { raw }).png().toBuffer());
  }

  /** Options of a fit of the model to the three colours, with others in their place. */
  options<Other extends object>(other: Other): typeof this.usual & Other {
    return { ...this.usual, ...other };
  }

  /** Removes everything. */
  remove(): void {
    if (this.#cache === undefined) delete process.env["OAL_CACHE"];
    else process.env["OAL_CACHE"] = this.#cache;
    rmSync(this.root, { recursive: true, force: true });
  }
}
