/**
 * Requests to the hub: redirects followed by hand, so that the token goes to the hub's own host only; nothing waited for longer than
 * the place's patience; every refusal an error of the catalogue.
 */
import { oalError, type OalError } from "oal-core";
import { writtenName, type HubName } from "./name.js";
import type { HubPlace } from "./place.js";

const mostRedirects = 10;
/** Bytes of an answer that is read whole. */
const largestAnswer = 32e6;

/** What is asked. */
export interface HubRequest {
  readonly place: HubPlace;
  readonly name: HubName;
  readonly url: string;
  readonly method?: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Whether redirects to other hosts are answers too: what the hub itself says of a file stands in them. */
  readonly stayOnHost?: boolean;
}

/** The hub was not reached, or was lost on the way: asking again may help. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/**
 * Asks, and follows where it is sent.
 *
 * @throws ConnectionLost when nothing came in time, or the server says that it cannot now (429, 5xx); OAL-D163 for what is not there,
 *   OAL-D164 without permission, OAL-D168 for redirects in a circle; what the signal was aborted with
 */
export async function ask(request: HubRequest): Promise<Response> {
  const { place, headers = {}, method = "GET", signal, stayOnHost = false } = request;
  const home = new URL(place.endpoint).origin;
  let url = new URL(request.url);
  for (let count = 0; count <= mostRedirects; count++) {
    const own: Record<string, string> = { "user-agent": "oal", ...headers };
    if (place.token !== undefined && url.origin === home) own["authorization"] = `Bearer ${place.token}`;
    const response = await answerOf(
      url,
      { method, headers: own, redirect: "manual" },
      place.patience,
      signal,
    );
    const target = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || response.status === 304 || target === null)
      return accepted(response, request);
    const next = URL.canParse(target, url.href) ? new URL(target, url.href) : undefined;
    if (stayOnHost && next?.origin !== url.origin) return response;
    await response.body?.cancel().catch(() => undefined);
    if (!next || !isSafe(url, next))
      throw strange(request, "it redirects to an address that is not safe to follow");
    url = next;
  }
  throw strange(request, `it redirects more than ${mostRedirects} times`);
}

/** Whether a redirect stays on the web, and does not leave encryption. */
function isSafe(from: URL, to: URL): boolean {
  return to.protocol === "https:" || (to.protocol === "http:" && from.protocol === "http:");
}

/** OAL-D168 of a request. */
export function strange(
  { place: { endpoint }, name }: HubRequest,
  problem: string,
  cause?: unknown,
): OalError {
  return oalError("OAL-D168", { model: writtenName(name), endpoint, problem }, cause);
}

/** One request and its headers in time. */
async function answerOf(
  url: URL,
  init: RequestInit,
  patience: number,
  signal: AbortSignal | undefined,
): Promise<Response> {
  signal?.throwIfAborted();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), patience);
  try {
    // The signal of the caller stays with the body; that of the clock ends with the headers.
    return await fetch(url.href, {
      ...init,
      signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw new ConnectionLost(
      late.signal.aborted ? `no answer within ${patience / 1000} s` : reasonOf(error),
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Why a connection failed: fetch says "fetch failed" and hides the reason in its cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? cause.message || reasonOf(cause) : error.message;
}

async function accepted(response: Response, request: HubRequest): Promise<Response> {
  const { place, name } = request;
  const { status, headers } = response;
  if (response.ok || status === 416) return response;
  await response.body?.cancel().catch(() => undefined);
  const model = writtenName(name);
  const { endpoint } = place;
  const said = headers.get("x-error-code");
  if (status === 401 || status === 403) {
    throw oalError("OAL-D164", {
      model,
      endpoint,
      gated: said === "GatedRepo",
      asSomeone: place.token !== undefined,
    });
  }
  if (status === 404 || status === 410) {
    const what =
      said === "RevisionNotFound"
        ? `${name.repo} without a revision "${name.revision}"`
        : said === "EntryNotFound"
          ? `${model} without a file that it listed`
          : `no ${model}`;
    throw oalError("OAL-D163", { endpoint, what });
  }
  if (status === 429 || status >= 500) throw new ConnectionLost(`it answers ${status}`);
  throw strange(request, `it answers ${status}`);
}

/**
 * The text of an answer.
 *
 * @throws ConnectionLost when it does not come in time, OAL-D168 when it is longer than any listing
 */
export async function textOf(response: Response, request: HubRequest): Promise<string> {
  const { place, signal } = request;
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of piecesOf(response, place.patience, signal)) {
    bytes += piece.length;
    if (bytes > largestAnswer) {
      throw strange(request, "its answer has no end");
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** Bytes that must come within the patience: less is a connection that is of no use. */
const leastBytes = 1024;

/**
 * The body of an answer, piece by piece.
 *
 * @throws ConnectionLost when it is cut, or so slow that less than a kilobyte came within the patience
 */
export async function* piecesOf(
  response: Response,
  patience: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!response.body) return;
  const reader = response.body.getReader();
  let [since, came] = [Date.now(), 0];
  try {
    for (;;) {
      const piece = await within(reader.read(), since + patience - Date.now());
      signal?.throwIfAborted();
      if (piece.done) return;
      came += piece.value.length;
      if (came >= leastBytes) [since, came] = [Date.now(), 0];
      yield piece.value;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ConnectionLost) throw error;
    throw new ConnectionLost(`the connection was cut (${reasonOf(error)})`, { cause: error });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function within<T>(wanted: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      wanted,
      new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new ConnectionLost("hardly anything comes any more")),
          Math.max(0, milliseconds),
        );
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
