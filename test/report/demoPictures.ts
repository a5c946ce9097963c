/** Test data: small pictures drawn as SVG, standing in for the images of a run. None of them comes from a model. */
import { Random } from "oal-core";
import sharp from "sharp";

/** What the pictures of a sheet show. */
export type PictureKind = "digit" | "letter" | "texture" | "outlier";

/** A PNG of `columns` by `rows` pictures of 32 x 32 pixels. */
export async function demoSheet(
  kind: PictureKind,
  columns: number,
  rows: number,
  seed: number,
): Promise<Uint8Array> {
  const random = new Random(seed, `demo/${kind}`);
  const cells: string[] = [];
  for (let i = 0; i < columns * rows; i++)
    cells.push(picture(kind, random, i, 32 * (i % columns), 32 * Math.floor(i / columns)));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${32 * columns}" height="${32 * rows}">${cells.join("")}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

function picture(kind: PictureKind, random: Random, index: number, x: number, y: number): string {
  const draws = random.uniforms(index, 24);
  const at = (i: number): number => draws[i] ?? 0;
  const color = (i: number, light: number): string =>
    `hsl(${Math.round(360 * at(i))} ${Math.round(30 + 50 * at(i + 1))}% ${light}%)`;
  const back = `<rect x="${x}" y="${y}" width="32" height="32" fill="${color(0, 25 + 50 * at(2))}"/>`;
  if (kind === "texture") {
    const stripes = Array.from({ length: 6 }, (_, i) => {
      const height = 2 + 4 * at(8 + i);
      return `<rect x="${x}" y="${y + 5.3 * i}" width="32" height="${height}" fill="${color(4 + i, 60)}" opacity="0.8"/>`;
    });
    return back + stripes.join("");
  }
  const text = kind === "letter" ? String.fromCharCode(65 + Math.floor(26 * at(6))) : String(index % 10);
  const turn = `rotate(${Math.round(40 * at(5) - 20)} ${x + 16} ${y + 16})`;
  const glyph = `<text x="${x + 16}" y="${y + 25}" font-size="${20 + 8 * at(7)}" text-anchor="middle" font-family="sans-serif" font-weight="${at(8) > 0.5 ? 700 : 400}" fill="${color(9, at(2) > 0.5 ? 15 : 90)}" transform="${turn}">${text}</text>`;
  if (kind !== "outlier") return back + glyph;
  const blots = Array.from({ length: 4 }, (_, i) => {
    return `<circle cx="${x + 5 + 22 * at(12 + i)}" cy="${y + 5 + 22 * at(16 + i)}" r="${2 + 5 * at(20 + i)}" fill="${color(12 + i, 50)}" opacity="0.75"/>`;
  });
  return back + glyph + blots.join("");
}
