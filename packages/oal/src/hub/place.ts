/** Where the hub is and where its models lie on this machine: the variables that the hub's own programs read, with their defaults. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { oalError } from "oal-core";

/** The hub where nothing else is said. */
const usualEndpoint = "https://huggingface.co";
/** Seconds without a sign of life after which a connection is given up. */
const usualPatience = 30;

type Environment = Readonly<Record<string, string | undefined>>;

/** The hub as seen from here. */
export interface HubPlace {
  /** Address without a slash at its end. */
  readonly endpoint: string;
  /** Folder of fetched models, shared with the hub's own programs. */
  readonly cache: string;
  /** Who asks; sent to the endpoint and nowhere else, printed nowhere. */
  readonly token: string | undefined;
  /** Milliseconds in which something must have come. */
  readonly patience: number;
}

function hubHome(environment: Environment): string {
  const base = environment["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return environment["HF_HOME"] || join(base, "huggingface");
}

/** $HF_HUB_CACHE, else hub in $HF_HOME, else huggingface/hub in the user's cache folder. */
export function hubCache(environment: Environment = process.env): string {
  return resolve(environment["HF_HUB_CACHE"] || join(hubHome(environment), "hub"));
}

/**
 * Reads where to fetch from and as whom.
 *
 * @param endpoint address of a mirror; default $HF_ENDPOINT, else the hub itself
 * @throws OAL-C221 for an endpoint that is no web address, OAL-C222 where $HF_HUB_OFFLINE forbids the network
 */
export async function hubPlace(endpoint?: string, environment: Environment = process.env): Promise<HubPlace> {
  if (/^(1|true|yes|on)$/i.test(environment["HF_HUB_OFFLINE"] ?? "")) throw oalError("OAL-C222", {});
  const address = webAddress(endpoint ?? (environment["HF_ENDPOINT"] || usualEndpoint));
  const seconds = Number(environment["HF_HUB_DOWNLOAD_TIMEOUT"]);
  return {
    endpoint: address.href.replace(/\/+$/, ""),
    cache: hubCache(environment),
    token: isPrivate(address) ? await readToken(environment) : undefined,
    patience: 1000 * (seconds > 0 ? seconds : usualPatience),
  };
}

function webAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "") return url;
  throw oalError("OAL-C221", { endpoint: url ? `${url.protocol}//${url.host}` : text });
}

/** Whether what is sent there can be read by nobody else: a token is not sent in the clear. */
function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

async function readToken(environment: Environment): Promise<string | undefined> {
  const given = environment["HF_TOKEN"]?.trim();
  if (given) return given;
  const path = environment["HF_TOKEN_PATH"] || join(hubHome(environment), "token");
  const text = await readFile(path, "utf8").catch(() => "");
  return text.trim() || undefined;
}
