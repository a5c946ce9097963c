/** A real browser for tests: Debian's chromium, driven over a server of this process. */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser } from "playwright-core";

const path = "/usr/bin/chromium";

/** Why tests in a browser cannot run here, else null. */
export const missingChromium: string | null = existsSync(path)
  ? null
  : `${path} is not there (apt-get install chromium)`;

const repository = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const engine = (name: string): string => repository(join("node_modules", "onnxruntime-web", "dist", name));

/** The files of a page beside its own: oal-web, and the engine. */
export const besidePage = {
  "oal-web.js": repository("packages/web/dist/oal-web.js"),
  "ort.wasm.min.mjs": engine("ort.wasm.min.mjs"),
  "ort-wasm-simd-threaded.mjs": engine("ort-wasm-simd-threaded.mjs"),
  "ort-wasm-simd-threaded.wasm": engine("ort-wasm-simd-threaded.wasm"),
} as const;

/** The files of the example's own. */
export const examplePage = Object.fromEntries(
  ["index.html", "page.css", "page.js", "worker.js", "offline.js"].map((name) => [
    name,
    repository(`examples/browser/${name}`),
  ]),
);

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** A server of some files: by name, where they lie or what they hold. */
export interface Site {
  readonly address: string;
  close(): Promise<void>;
}

/** Serves files on this machine alone; everything else is 404. */
export async function serve(files: Readonly<Record<string, string | Uint8Array>>): Promise<Site> {
  const server = createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname.slice(1));
    const found = files[name === "" ? "index.html" : name];
    if (found === undefined) response.writeHead(404).end();
    else {
      const content = typeof found === "string" ? readFileSync(found) : found;
      const type = types[extname(name === "" ? "index.html" : name)] ?? "application/octet-stream";
      response.writeHead(200, { "content-type": type, "content-length": content.length }).end(content);
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    address: `http://127.0.0.1:${address.port}/`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** Starts the browser. A camera that shows a moving pattern stands for a real one; a page may use it where its context permits it. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    args: ["--no-sandbox", "--use-fake-device-for-media-stream"],
  });
}
