/**
 * The one table of picture kinds: their endings, their first bytes, and what to do with those that oal does not read. Every reader and
 * `oal score` ask here; what a file holds is decided by its first bytes, whatever its ending says.
 */

/** A kind of picture file. */
export interface PictureKind {
  readonly id: PictureId;
  /** Endings without the dot, in lower case. */
  readonly endings: readonly string[];
  /** Whether a file that begins so (with `headLength` bytes, less where it is shorter) is of this kind. */
  readonly matches: (head: Uint8Array) => boolean;
  /** For kinds that are not decoded: what to do instead, as a clause. */
  readonly refusal?: string;
}

/** The kinds oal knows by name. */
export type PictureId =
  "jpeg" | "png" | "webp" | "gif" | "tiff" | "avif" | "bmp" | "heic" | "svg" | "jxl" | "jp2" | "psd";

/** What a file is to a reader of pictures. */
export type FileClass =
  | { readonly is: "picture" }
  /** No picture that is read: counted as skipped, by this reason. */
  | { readonly is: "skipped"; readonly reason: string }
  /** A file of the system or a hidden one: nobody expects it to be read or mentioned. */
  | { readonly is: "hidden" };

/** How many first bytes tell a kind. */
export const headLength = 512;

/** Bytes as text, one character each. */
function ascii(head: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...head.subarray(from, to));
}

const startsWith =
  (text: string, at = 0) =>
  (head: Uint8Array): boolean =>
    ascii(head, at, at + text.length) === text;

/** Whether an ISO base media file names one of these brands, major or compatible. */
function hasBrand(head: Uint8Array, brands: readonly string[]): boolean {
  if (ascii(head, 4, 8) !== "ftyp") return false;
  const end = Math.min(head.length, ((head[2] ?? 0) << 8) | (head[3] ?? 0));
  for (let at = 8; at + 4 <= end; at += 4) if (brands.includes(ascii(head, at, at + 4))) return true;
  return false;
}

const heicBrands = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"];
const avifBrands = ["avif", "avis"];

function isBitmap(head: Uint8Array): boolean {
  if (ascii(head, 0, 2) !== "BM") return false;
  // "BM" begins many a text: the length of the second header tells.
  return [12, 16, 40, 52, 56, 64, 108, 124].includes((head[14] ?? 0) | ((head[15] ?? 0) << 8));
}

function isSvg(head: Uint8Array): boolean {
  const text = ascii(head, 0, headLength).replace(/^\u00ef\u00bb\u00bf/, "");
  return /^\s*(<\?xml[^>]*>\s*|<!--[\s\S]*?-->\s*|<!doctype[^>]*>\s*)*<svg[\s>]/i.test(text);
}

/** Every kind. HEIC stands after AVIF, whose files may name HEIC's general brands too. */
export const pictureKinds: readonly PictureKind[] = [
  {
    id: "jpeg",
    endings: ["jpg", "jpeg", "jpe", "jfif", "jif", "pjpeg", "pjp"],
    matches: startsWith("\xff\xd8\xff"),
  },
  { id: "png", endings: ["png", "apng"], matches: startsWith("\x89PNG\r\n\x1a\n") },
  {
    id: "webp",
    endings: ["webp"],
    matches: (head) => startsWith("RIFF")(head) && startsWith("WEBP", 8)(head),
  },
  {
    id: "gif",
    endings: ["gif"],
    matches: (head) => startsWith("GIF87a")(head) || startsWith("GIF89a")(head),
  },
  {
    id: "tiff",
    endings: ["tif", "tiff"],
    matches: (head) => ["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(ascii(head, 0, 4)),
  },
  { id: "avif", endings: ["avif"], matches: (head) => hasBrand(head, avifBrands) },
  { id: "bmp", endings: ["bmp", "dib"], matches: isBitmap },
  {
    id: "heic",
    endings: ["heic", "heif", "hif"],
    matches: (head) => hasBrand(head, heicBrands),
    refusal:
      'HEIC is not read: export or convert it to JPEG (on an iPhone: Settings, Camera, Formats, "Most Compatible")',
  },
  {
    id: "svg",
    endings: ["svg", "svgz"],
    matches: isSvg,
    refusal: "SVG is a drawing without pixels: export it as PNG in the size you need",
  },
  {
    id: "jxl",
    endings: ["jxl"],
    matches: (head) => startsWith("\xff\x0a")(head) || startsWith("JXL ", 4)(head),
    refusal: "JPEG XL is not read: convert it to PNG or JPEG",
  },
  {
    id: "jp2",
    endings: ["jp2", "j2k", "jpf", "jpx"],
    matches: (head) => startsWith("jP  ", 4)(head) || startsWith("\xff\x4f\xff\x51")(head),
    refusal: "JPEG 2000 is not read: convert it to PNG or JPEG",
  },
  {
    id: "psd",
    endings: ["psd", "psb"],
    matches: startsWith("8BPS"),
    refusal: "Photoshop's format is not read: export it as PNG or JPEG",
  },
];

const kindOfEnding = new Map(pictureKinds.flatMap((kind) => kind.endings.map((ending) => [ending, kind])));

/** The kind of picture that begins with these bytes; undefined when it is none. */
export function kindOfBytes(head: Uint8Array): PictureKind | undefined {
  return pictureKinds.find((kind) => kind.matches(head));
}

/** The ending of a name in lower case, without the dot: up to eight letters and digits, not digits alone; "" when it has none. */
function endingOf(name: string): string {
  const ending = /[^]\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  return /[a-z]/.test(ending) ? ending : "";
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Files and folders that systems and tools leave behind, and hidden ones: never read, never counted. */
export function isHidden(path: string): boolean {
  return path
    .split("/")
    .some((name) => name.startsWith(".") || /^(__MACOSX|Thumbs\.db|desktop\.ini|Icon\r|@eaDir)$/i.test(name));
}

/** Whether only its first bytes can say what a file of this name is. */
export function needsHead(path: string): boolean {
  return !isHidden(path) && endingOf(lastName(path)) === "";
}

/**
 * What a file is by its name, and where the name has no ending by its first bytes.
 *
 * @param path  below the root, "/" between folders
 * @param head  at most `headLength` first bytes; only looked at where `needsHead(path)`
 */
export function classifyFile(path: string, head?: Uint8Array): FileClass {
  if (isHidden(path)) return { is: "hidden" };
  const ending = endingOf(lastName(path));
  if (ending !== "") {
    const kind = kindOfEnding.get(ending);
    return kind && kind.refusal === undefined ? { is: "picture" } : { is: "skipped", reason: `.${ending}` };
  }
  const kind = head === undefined ? undefined : kindOfBytes(head);
  if (kind === undefined) return { is: "skipped", reason: "without ending" };
  return kind.refusal === undefined
    ? { is: "picture" }
    : { is: "skipped", reason: `without ending (${kind.id})` };
}

/** What was skipped: how many files for which reason. */
export type SkippedFiles = ReadonlyMap<string, number>;

/** Reasons told one by one; the rest is told as a sum. */
const REASONS_TOLD = 6;

/**
 * One sentence on what was skipped, such as "14 files skipped: 12 .txt, 2 .heic", with what to do about refused kinds of picture;
 * undefined when nothing was.
 */
export function skippedSentence(skipped: SkippedFiles): string | undefined {
  const reasons = [...skipped].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1]);
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return undefined;
  const told = reasons.slice(0, REASONS_TOLD).map(([reason, count]) => `${count} ${reason}`);
  const rest = reasons.slice(REASONS_TOLD).reduce((sum, [, count]) => sum + count, 0);
  if (rest > 0) told.push(`${rest} others`);
  const refusals = pictureKinds.flatMap(({ id, endings, refusal }) => {
    const met = reasons.some(([reason]) => reason.endsWith(`(${id})`) || endings.includes(reason.slice(1)));
    return met && refusal !== undefined ? [`. ${refusal}`] : [];
  });
  return `${total} ${total === 1 ? "file" : "files"} skipped: ${told.join(", ")}${refusals.join("")}`;
}
