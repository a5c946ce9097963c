/** What a network is: one registry object. Adding one is one file here and one line in index.ts. */
import { expectArguments, kinds, type Head, type Tensor, type Value } from "oal-core";
import type { z } from "zod";
import { resolveOptions } from "../../fields.js";
import type { Context } from "../context.js";

/** Sizes that every network has. */
export interface NetworkSizes {
  readonly classes: number;
  /** Height and width of the images, in pixels. */
  readonly imageSize: number;
}

/** Sizes, and the network's own options; absent ones have its defaults, others are refused. */
export type NetworkOptions = NetworkSizes & { readonly [option: string]: unknown };

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

/** Another naming of a network's tensors, as files of other programs have it. */
export interface WeightNaming {
  /** Whose names, as in a sentence: "torchvision". */
  readonly id: string;
  /** Their name of a tensor that we call `name`. */
  nameOf(name: string): string;
}

/** What the shapes of a network's tensors tell: its options, and the sizes of what it was made for where they are in them. */
export interface RecognisedOptions {
  /** 0 for weights without a last layer. */
  readonly classes: number;
  /** Height and width of the pictures; undefined where any size goes. */
  readonly imageSize: number | undefined;
  /** The network's own options. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** The shape of a tensor by the network's own name; undefined for one that is not there. */
export type ShapeByName = (name: string) => readonly number[] | undefined;

/** A classifier. */
export interface Network {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** Its own options: type, range, default and description. */
  readonly schema: z.ZodObject;
  /** Width of the penultimate features. */
  featureDim(options: NetworkOptions): number;
  /**
   * Builds the network.
   *
   * @param context where parameters come from; their names are relative to it
   * @param images float32 [N, channels, H, W], normalised
   */
  build(context: Context, images: Value, options: NetworkOptions): NetworkOutputs;
  /** Tensors that must not start from random numbers. */
  readonly start?: NetworkStart;
  /** Whose names its tensors have, where files with published weights exist: "timm". */
  readonly naming?: string;
  /** Other names under which files hold its weights. */
  readonly otherNamings?: readonly WeightNaming[];
  /** The options under which the network has tensors of these shapes; undefined where they are another network's. */
  readonly recognise?: (shapeOf: ShapeByName) => RecognisedOptions | undefined;
  /** A tensor that follows the size of the pictures, for those of another size; undefined for every other tensor. */
  readonly forOtherSize?: (name: string, tensor: Tensor, shape: readonly number[]) => Tensor | undefined;
}

/** Start tensors that are measured on training images. */
export interface NetworkStart {
  /** Images of 32x32 pixels that are looked at; of larger ones as many as have the same number of pixels. */
  readonly images: number;
  /**
   * @param images float32 [N, channels, H, W], normalised
   * @returns tensors by name, relative to the network
   */
  tensors(images: Tensor): ReadonlyMap<string, Tensor>;
}

/** A network as one writes it: its functions get their options resolved and typed. */
export interface NetworkDefinition<Schema extends z.ZodObject> {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  /** A strict object; every key with a default and a description. */
  readonly schema: Schema;
  featureDim(options: NetworkSizes & z.output<Schema>): number;
  build(context: Context, images: Value, options: NetworkSizes & z.output<Schema>): NetworkOutputs;
  readonly start?: NetworkStart;
  readonly naming?: string;
  readonly otherNamings?: readonly WeightNaming[];
  /** The options under which the network has tensors of these shapes; undefined where they are another network's. */
  readonly recognise?: (shapeOf: ShapeByName) => RecognisedOptions | undefined;
  /** A tensor that follows the size of the pictures, for those of another size; undefined for every other tensor. */
  readonly forOtherSize?: (name: string, tensor: Tensor, shape: readonly number[]) => Tensor | undefined;
}

const aDefinition = kinds.fields({
  id: kinds.name,
  title: kinds.text,
  source: kinds.text,
  schema: kinds.record,
  featureDim: kinds.callback,
  build: kinds.callback,
});

/**
 * Makes a network of a definition.
 *
 * Its functions throw OAL-C208 for an option that it does not have, or a value that its schema refuses.
 */
export function defineNetwork<Schema extends z.ZodObject>(definition: NetworkDefinition<Schema>): Network {
  expectArguments("defineNetwork", { definition: [definition, aDefinition] });
  const resolved = ({ classes, imageSize, ...own }: NetworkOptions): NetworkSizes & z.output<Schema> => ({
    ...resolveOptions("network", definition, own),
    classes,
    imageSize,
  });
  return {
    ...definition,
    featureDim: (options) => definition.featureDim(resolved(options)),
    build: (context, images, options) => definition.build(context, images, resolved(options)),
  };
}
