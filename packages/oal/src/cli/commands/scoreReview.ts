/** The page of the most unknown pictures: thumbnails are made while pictures pass, and only of those that may be on it. */
import { printable, type RgbImage, type ScoredPicture, type ScoreResult } from "oal-core";
import type { NamedPicture, Picture } from "../../bundle/pictures.js";
import { decodeImage } from "../../data/decode.js";
import { loadSharp } from "../../data/pictures/sharp.js";
import { renderReview, type ReviewedPicture } from "../../report/review.js";
import { expectOutputFile, writeOutputFile } from "../outputFile.js";
import { byUnknown, reasonOf } from "./scoreTable.js";

/** Pictures on a page at most: about one and a half megabytes. */
const mostThumbnails = 200;
/** Longest side of a thumbnail in pixels. */
const side = 192;

interface Shown extends ReviewedPicture {
  readonly result: ScoredPicture;
}

/** A page that is being gathered. */
export class Review {
  readonly #path: string;
  readonly #most: number;
  /** What the pictures under way hold, by their number. */
  readonly #passing = new Map<number, Picture>();
  #shown: Shown[] = [];
  #seen = 0;
  #known = 0;
  #unknown = 0;
  readonly #unreadable: { id: string; reason: string }[] = [];

  private constructor(path: string, most: number) {
    this.#path = path;
    this.#most = most;
  }

  /**
   * @param path of the page
   * @throws OAL-I101 when no file can be there, before any work is done
   */
  static async begin(path: string, most = mostThumbnails): Promise<Review> {
    await expectOutputFile(path);
    return new Review(path, most);
  }

  /** Pictures on their way to the model, looked at in passing. */
  async *watch(pictures: AsyncIterable<NamedPicture>): AsyncGenerator<NamedPicture, void, undefined> {
    let next = 0;
    for await (const { id, picture } of pictures) {
      const number = next++;
      yield {
        id,
        picture: async () => {
          const given = typeof picture === "function" ? await picture() : picture;
          this.#passing.set(number, given);
          return given;
        },
      };
    }
  }

  /** Takes what was said of the next picture. */
  async take(result: ScoreResult): Promise<void> {
    const number = this.#seen++;
    const picture = this.#passing.get(number);
    this.#passing.delete(number);
    if (result.error) {
      this.#unreadable.push({ id: result.id, reason: reasonOf(result.id, result.error) });
      return;
    }
    if (result.known) this.#known += 1;
    else this.#unknown += 1;
    const last = this.#shown.at(-1);
    if (this.#shown.length === this.#most && last && byUnknown(result, last.result) >= 0) return;
    this.#shown.push({
      result,
      thumbnail: picture === undefined ? null : await thumbnailOf(picture, result.id),
    });
    this.#shown.sort((a, b) => byUnknown(a.result, b.result));
    this.#shown = this.#shown.slice(0, this.#most);
  }

  /**
   * Writes the page.
   *
   * @param model what was asked, in a sentence
   * @returns what was written, in a sentence
   * @throws OAL-I101 when it cannot be written
   */
  async write(model: string): Promise<string> {
    const input = { model, pictures: this.#shown, known: this.#known, unknown: this.#unknown };
    const text = renderReview({ ...input, unreadable: this.#unreadable });
    await writeOutputFile(this.#path, text);
    const all = this.#known + this.#unknown;
    const which = this.#shown.length < all ? `the ${this.#most} most unknown of ${all}` : `all ${all}`;
    return `${printable(this.#path)}: ${all === 1 ? "the only picture" : `${which} pictures, the most unknown first`}`;
  }
}

/** A picture upright and small, as JPEG. */
async function thumbnailOf(picture: Picture, id: string): Promise<Uint8Array | null> {
  if (typeof picture === "string") return null;
  const image: RgbImage =
    picture instanceof Uint8Array ? await decodeImage(picture, id, { orientation: "apply" }) : picture;
  const { width, height, data } = image;
  const sharp = await loadSharp();
  return sharp(data, { raw: { width, height, channels: 3 } })
    .resize(side, side, { fit: "inside", withoutEnlargement: true })
    .jpeg({ quality: 75 })
    .toBuffer();
}
