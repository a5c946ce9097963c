/** Contact sheets: panels of small pictures side by side as one PNG, to be looked at by people. */
import { oalError } from "oal-core";
import { writeFileWhole } from "../runtime/writeFile.js";
import { loadSharp } from "../data/pictures/sharp.js";

/** Pictures of one panel. */
export interface SheetPanel {
  /** uint8 [count, 3, size, size]. */
  readonly images: Uint8Array;
  readonly count: number;
}

/** Layout of a sheet; all panels alike. */
export interface SheetOptions {
  /** Height and width of one picture, in pixels. */
  readonly size: number;
  /** Pictures per panel across and down. Default 8 by 8. */
  readonly columns?: number;
  readonly rows?: number;
  /** Whole-number enlargement of every pixel. Default 2. */
  readonly scale?: number;
}

const gap = 2;
const panelGap = 16;

/** Lays out the first pictures of each panel, panels from left to right on white, and encodes them as PNG. */
export async function contactSheet(
  panels: readonly SheetPanel[],
  options: SheetOptions,
): Promise<Uint8Array> {
  const { size, columns = 8, rows = 8, scale = 2 } = options;
  const cell = size * scale + gap;
  const panelWidth = columns * cell + gap;
  const width = panels.length * panelWidth + (panels.length - 1) * panelGap;
  const height = rows * cell + gap;
  const canvas = new Uint8Array(width * height * 3).fill(255);
  panels.forEach(({ images, count }, panel) => {
    for (let i = 0; i < Math.min(count, columns * rows); i++) {
      const left = panel * (panelWidth + panelGap) + gap + (i % columns) * cell;
      const top = gap + Math.floor(i / columns) * cell;
      for (let y = 0; y < size * scale; y++) {
        for (let x = 0; x < size * scale; x++) {
          const from = i * 3 * size * size + Math.floor(y / scale) * size + Math.floor(x / scale);
          const to = ((top + y) * width + left + x) * 3;
          for (let channel = 0; channel < 3; channel++)
            canvas[to + channel] = images[from + channel * size * size] ?? 0;
        }
      }
    }
  });
  const sharp = await loadSharp();
  return sharp(canvas, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/**
 * Writes a contact sheet to a file.
 *
 * @throws OAL-I101 when it cannot be written
 */
export async function writeContactSheet(
  path: string,
  panels: readonly SheetPanel[],
  options: SheetOptions,
): Promise<void> {
  const png = await contactSheet(panels, options);
  try {
    await writeFileWhole(path, png);
  } catch (cause) {
    throw oalError(
      "OAL-I101",
      { path, problem: cause instanceof Error ? cause.message : String(cause) },
      cause,
    );
  }
}
