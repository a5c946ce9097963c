/** Scored pictures for a person to look through, the most unknown first: one page, no script, nothing loaded from anywhere. */
import type { ScoredPicture } from "oal-core";
import { pageHeader, pageOf } from "./frame.js";
import { html, type Markup } from "./markup.js";
import { STYLE } from "./style.js";

/** A picture on the page. */
export interface ReviewedPicture {
  readonly result: ScoredPicture;
  /** JPEG; null where it could be scored and not shown. */
  readonly thumbnail: Uint8Array | null;
}

/** What the page tells. */
export interface ReviewInput {
  /** What was asked, and by which rule a picture is known. */
  readonly model: string;
  /** The most unknown first. */
  readonly pictures: readonly ReviewedPicture[];
  /** Of everything that was asked about, shown or not. */
  readonly known: number;
  readonly unknown: number;
  /** Pictures that could not be read: names and reasons. */
  readonly unreadable: readonly { readonly id: string; readonly reason: string }[];
}

const REVIEW = `
main { padding-block: 1.5rem 3rem; }
.pictures { list-style: none; display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
.pictures li { background: var(--raised); border-radius: 10px; overflow: hidden; border-top: 3px solid var(--id); break-inside: avoid; }
.pictures li.unknown { border-color: var(--near); }
.pictures li.ask { border-color: var(--id-validation); }
.pictures img, .pictures .none { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--line); }
.pictures div { padding: 0.6rem 0.8rem 0.8rem; font-size: 0.85rem; line-height: 1.4; overflow-wrap: anywhere; }
.pictures b { display: block; font-size: 0.95rem; }
.pictures small { color: var(--soft); display: block; }
`;

/** Shares in percent without digits that mean nothing. */
function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

function card({ result, thumbnail }: ReviewedPicture): Markup {
  const { id, known, ask, label, confidence, pValue, score } = result;
  const kind = known ? (ask === true ? "ask" : "known") : "unknown";
  const source = thumbnail === null ? "" : Buffer.from(thumbnail).toString("base64");
  const words = { known: "Known", ask: "Known, to be looked at", unknown: "Unknown" } as const;
  return html`<li class="${kind}">
    ${
      thumbnail === null
        ? html`<span class="none"></span>`
        : html`<img alt="${id}" loading="lazy" src="data:image/jpeg;base64,${source}" />`
    }
    <div>
      <b>${words[kind]}</b>
      ${known ? label : `nearest: ${label}`}, ${percent(confidence)}
      <small>p value ${pValue.toPrecision(2)}, score ${score.toPrecision(4)}</small>
      <small>${id}</small>
    </div>
  </li> `;
}

/** The page as HTML text. */
export function renderReview({ model, pictures, known, unknown, unreadable }: ReviewInput): string {
  const all = known + unknown;
  const shown =
    pictures.length < all
      ? `The ${pictures.length} most unknown of ${all} pictures`
      : all === 1
        ? "The only picture"
        : `All ${all} pictures`;
  const counts = `${known} known, ${unknown} unknown${unreadable.length > 0 ? `, ${unreadable.length} unreadable` : ""}`;
  const summary = html`${counts}. Asked: ${model}. The p value is the share of known pictures that are at
  least as strange.`;
  const body = html`${pageHeader("oal score", `${shown}, the most unknown first`, summary)}
    <main class="wrap">
      <ul class="pictures">
        ${pictures.map(card)}
      </ul>
      ${
        unreadable.length === 0
          ? null
          : html`<details>
              <summary>
                ${unreadable.length === 1 ? "1 picture" : `${unreadable.length} pictures`} could not be read
              </summary>
              <ul>
                ${unreadable.map(({ id, reason }) => html`<li>${id}: ${reason}</li>`)}
              </ul>
            </details>`
      }
    </main>`;
  return pageOf(shown, STYLE + REVIEW, body);
}
