/** For tests only: a hub on 127.0.0.1, with a second server for large files as the hub has one, and with every bad habit of networks. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** The commit of everything that a test hub has. */
export const testCommit = "0123456789abcdef0123456789abcdef01234567";

/** What a server does with one request instead of serving it; false: serve it. */
export type Habit = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A request as it came. */
export interface SeenRequest {
  /** "hub" or "store", the server for large files. */
  readonly server: "hub" | "store";
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** A hub that one test talks to. */
export interface TestHub {
  readonly endpoint: string;
  readonly seen: SeenRequest[];
  /** Files of the one model, by path. */
  readonly files: Map<string, Uint8Array>;
  /** Paths of files that lie in the store for large files, under their SHA-256. */
  readonly large: Set<string>;
  /** Set by a test; asked before every request of either server. */
  habit: Habit;
  /** False for a mirror whose listing says neither sizes nor checksums. */
  tellsFacts: boolean;
  close(): Promise<void>;
}

/** The name of a content as the hub gives it. */
export function etagOf(bytes: Uint8Array, isLarge: boolean): string {
  return isLarge
    ? createHash("sha256").update(bytes).digest("hex")
    : createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Starts a hub. */
export async function startHub(): Promise<TestHub> {
  const seen: SeenRequest[] = [];
  const files = new Map<string, Uint8Array>();
  const large = new Set<string>();
  const serveWith = (
    server: SeenRequest["server"],
    serve: (request: IncomingMessage, response: ServerResponse) => void,
  ): Server =>
    createServer((request, response) => {
      const { method = "", url = "", headers } = request;
      seen.push({ server, method, path: url, range: headers.range, authorization: headers.authorization });
      response.on("error", () => undefined);
      if (!hub.habit(request, response)) serve(request, response);
    });
  const store = serveWith("store", (request, response) => {
    const path = decodeURIComponent((request.url ?? "").slice(1));
    sendFile(request, response, files.get(path) ?? new Uint8Array());
  });
  const storeAt = await listening(store);
  const main = serveWith("hub", (request, response) => {
    const url = new URL(request.url ?? "", "http://hub");
    const [, path] = /\/resolve\/[^/]+\/(.+)$/.exec(url.pathname) ?? [];
    if (path === undefined) return sendListing(response, hub);
    const name = decodeURIComponent(path);
    const bytes = files.get(name);
    if (!bytes) return void response.writeHead(404, { "x-error-code": "EntryNotFound" }).end();
    const etag = etagOf(bytes, large.has(name));
    const facts = { "x-repo-commit": testCommit, etag: `"${etag}"` };
    if (!large.has(name)) return sendFile(request, response, bytes, facts);
    response.writeHead(302, {
      ...facts,
      "x-linked-etag": `"${etag}"`,
      "x-linked-size": bytes.length,
      location: `${storeAt}/${path}`,
    });
    response.end();
  });
  const endpoint = await listening(main);
  const hub: TestHub = {
    endpoint,
    seen,
    files,
    large,
    habit: () => false,
    tellsFacts: true,
    close: async () => {
      for (const server of [main, store]) {
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      }
    },
  };
  return hub;
}

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

function sendListing(response: ServerResponse, { files, large, tellsFacts }: TestHub): void {
  const siblings = [...files].map(([rfilename, bytes]) => {
    if (!tellsFacts) return { rfilename };
    const lfs = large.has(rfilename) ? { lfs: { sha256: etagOf(bytes, true), size: bytes.length } } : {};
    return { rfilename, size: bytes.length, blobId: etagOf(bytes, false), ...lfs };
  });
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ id: "owner/name", sha: testCommit, siblings }));
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const rest = bytes.subarray(start);
  const range = start > 0 ? { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { ...headers, ...range, "content-length": rest.length });
  response.end(request.method === "HEAD" ? undefined : rest);
}
