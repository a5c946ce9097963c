/** What a network is: one registry object. Adding one is one file here and one line in index.ts. */
import type { Head, Value } from "oal-core";
import type { Context } from "../context.js";

/** Sizes of a network. What a network does not use it ignores. */
export interface NetworkOptions {
  readonly classes: number;
  /** Height and width of the images, in pixels. */
  readonly imageSize: number;
  /** Colour channels; default 3. */
  readonly channels?: number;
  /** Channels of the first stage. */
  readonly width?: number;
  /** Channels of each stage, where they are free. */
  readonly widths?: readonly number[];
  /** Residual blocks per stage. */
  readonly blocks?: number;
}

/** What a network gives. */
export interface NetworkOutputs {
  /** float32 [N, classes], unnormalised class scores. */
  readonly logits: Value;
  /** float32 [N, featureDim], what the last dense layer reads. */
  readonly features: Value;
  /** The last layer, where it is linear. */
  readonly head?: Head;
  /** Feature maps by name, float32 [N, channels, h, w], in the order of computation: what each stage gives. */
  readonly maps?: ReadonlyMap<string, Value>;
}

/** A classifier. */
export interface Network {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** The size options it reads, with default and meaning. */
  readonly hyperParameters: readonly NetworkHyperParameter[];
  /** Width of the penultimate features. */
  featureDim(options: NetworkOptions): number;
  /**
   * Builds the network.
   *
   * @param context where parameters come from; their names are relative to it
   * @param images float32 [N, channels, H, W], normalised
   */
  build(context: Context, images: Value, options: NetworkOptions): NetworkOutputs;
}

/** One size option of a network. */
export interface NetworkHyperParameter {
  readonly name: "width" | "widths" | "blocks";
  readonly default: number | readonly number[];
  readonly description: string;
}
