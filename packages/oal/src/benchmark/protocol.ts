/** What a benchmark protocol is: the sets of known and unknown images, where each lies below one root, and how many it must have. */
import type { ResizeRule } from "oal-core";
import { z } from "zod";
import { unknownGroups } from "../evaluation/result.js";

/**
 * The part a set plays: to fit on, to choose by, to measure. "shifted" sets show known classes under other conditions and join the
 * known test images where a protocol has them (full spectrum).
 */
export const setRoles = ["train", "validation", "test", "shifted", ...unknownGroups] as const;

/** One of them. */
export type SetRole = (typeof setRoles)[number];

/** One set of images of a protocol. */
export interface ProtocolSet {
  /** Name in tables and file names. */
  readonly name: string;
  readonly role: SetRole;
  /**
   * Folder, archive or file of the images, relative to the root; with `list`, what the list's paths are relative to. As it is written
   * it may name a part ("photos#val"); `openProtocol`, which knows the root, makes that `split`.
   */
  readonly path: string;
  /** Image list, one "relative/path label" a line, relative to the root. */
  readonly list?: string | undefined;
  /** Part of the source: a sub-folder, or "train" or "test" of IDX and CIFAR files. */
  readonly split?: string | undefined;
  /** At most this many images, evenly spaced. */
  readonly limit?: number | undefined;
  /** Images it must have. */
  readonly count?: number | undefined;
  /** SHA-256 of the image list. */
  readonly sha256?: string | undefined;
  /** Where it is to be had, in words. */
  readonly from?: string | undefined;
  /** Whether its images go to the model as they are stored, where they have the model's size: ImageNet-C. */
  readonly asStored?: boolean | undefined;
}

/** How pictures become a model's input, where the model's own files do not say. */
export interface ProtocolPictures {
  /** The shorter side, or height and width whatever the shape, in pixels. */
  readonly resize: ResizeRule;
  /** The side of the square that is then cut from the centre, in pixels. */
  readonly crop: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** A benchmark protocol. */
export interface Protocol {
  /** "openood-v1.5/cifar10", or the path of the file it was read from. */
  readonly id: string;
  readonly title: string;
  /** What the known test images are called in score files. */
  readonly known: string;
  /** The known classes in the order of labels, or how many; null: as the known sets say. */
  readonly classes: readonly string[] | number | null;
  readonly pictures?: ProtocolPictures | undefined;
  readonly sets: readonly ProtocolSet[];
  /** What to know of numbers made with it, in sentences. */
  readonly notes: readonly string[];
}

/** Whether the images of a role are of known classes. */
export function isKnown(role: SetRole): role is "train" | "validation" | "test" | "shifted" {
  return role === "train" || role === "validation" || role === "test" || role === "shifted";
}

const setName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "letters, digits, dots, dashes and underscores only");

const place = {
  path: z.string().min(1).default("."),
  list: z.string().min(1).optional(),
  split: z.string().min(1).optional(),
  limit: z.number().int().min(1).optional(),
  count: z.number().int().min(1).optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits")
    .optional(),
  from: z.string().min(1).optional(),
};

/** "birds", "birds#train", or the keys of a set. */
const source = z.union([z.string().min(1), z.strictObject(place)]);
const unknownSource = z.strictObject({
  name: setName,
  group: z.enum(unknownGroups).default("far"),
  ...place,
});
const shiftedSource = z.strictObject({ name: setName, asStored: z.boolean().optional(), ...place });

const pixels = z.number().int().min(1);

/** A protocol's file. */
export const protocolFileSchema = z.strictObject({
  title: z.string().min(1).optional(),
  known: setName.default("id"),
  classes: z.union([z.array(z.string().min(1)).min(2), z.number().int().min(2)]).optional(),
  pictures: z
    .strictObject({
      resize: z.union([pixels, z.tuple([pixels, pixels]).readonly()]),
      crop: pixels,
      mean: z.tuple([z.number(), z.number(), z.number()]),
      std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
    })
    .optional(),
  train: source.optional(),
  validation: source.optional(),
  test: source,
  shifted: z.array(shiftedSource).default([]),
  unknown: z.array(unknownSource).min(1),
});

type ProtocolFile = z.infer<typeof protocolFileSchema>;

/** The protocol that a file describes. */
export function protocolOfFile(id: string, file: ProtocolFile): Protocol {
  const known = (["train", "validation", "test"] as const).flatMap((role): ProtocolSet[] => {
    const given = file[role];
    return given === undefined ? [] : [{ name: role, role, ...placeOf(given) }];
  });
  return {
    id,
    title: file.title ?? id,
    known: file.known,
    classes: file.classes ?? null,
    pictures: file.pictures,
    sets: [
      ...known,
      ...file.shifted.map((set): ProtocolSet => ({ ...set, role: "shifted" })),
      ...file.unknown.map(({ group, ...set }): ProtocolSet => ({ ...set, role: group })),
    ],
    notes: [],
  };
}

function placeOf(given: Exclude<ProtocolFile["train"], undefined>): Omit<ProtocolSet, "name" | "role"> {
  return typeof given === "string" ? { path: given } : given;
}
