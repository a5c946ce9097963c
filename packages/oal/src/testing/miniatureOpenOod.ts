/** OpenOOD's own layout on disk, in miniature: lists under benchmark_imglist, images of a few pixels under images_classic. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import sharp from "sharp";

/** A set of a protocol. */
interface MiniatureSet {
  readonly name: string;
  readonly role: string;
  readonly path: string;
  readonly list?: string | undefined;
}

/** Images of one set: that many of each of `classes` classes, or of one colour for unknown ones. */
export interface MiniatureOptions {
  /** Side of the pictures, in pixels. */
  readonly side: number;
  readonly classes: number;
  /** Images a class. */
  readonly each: number;
  /** The colour of an image; default: grey. */
  readonly colour?: (set: string, label: number, index: number) => readonly [number, number, number];
}

/** Writes the tree; the sets with the counts of the miniature. */
export async function miniatureOpenOod<Set extends MiniatureSet>(
  sets: readonly Set[],
  root: string,
  { side, classes, each, colour = () => [120, 120, 120] }: MiniatureOptions,
): Promise<(Set & { count: number })[]> {
  const written: (Set & { count: number })[] = [];
  for (const set of sets) {
    const isKnown = ["train", "validation", "test", "shifted"].includes(set.role);
    const labels = isKnown
      ? Array.from({ length: classes * each }, (_, i) => Math.floor(i / each))
      : Array.from({ length: 2 * each }, () => -1);
    const lines: string[] = [];
    for (const [i, label] of labels.entries()) {
      const path = `${set.name}/${label < 0 ? "images" : label}/${i}.png`;
      const [r, g, b] = colour(set.name, label, i);
      const file = join(root, set.path, path);
      mkdirSync(dirname(file), { recursive: true });
      const picture = sharp({
        create: { width: side, height: side, channels: 3, background: { r, g, b } },
      });
      writeFileSync(file, await picture.png().toBuffer());
      lines.push(`${path} ${label}`);
    }
    const list = join(root, set.list ?? "");
    mkdirSync(dirname(list), { recursive: true });
    writeFileSync(list, `${lines.join("\n")}\n`);
    written.push({ ...set, count: labels.length });
  }
  return written;
}
