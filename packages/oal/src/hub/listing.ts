/** What the hub has of a model: its files with size and checksum, at one commit. */
import { z } from "zod";
import { again, type Patience } from "./again.js";
import { ask, strange, textOf, type HubRequest } from "./http.js";
import { commitForm, type HubName } from "./name.js";
import type { HubPlace } from "./place.js";

/** A file of a model. */
export interface HubFile {
  /** Path inside the model, with slashes. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Name of its content in the cache: SHA-256 of the bytes (64 digits) for large files, git's SHA-1 (40 digits) for others. A mirror
   * that says something else gives no checksum.
   */
  readonly etag: string;
}

/** A model at one commit. */
export interface HubListing {
  readonly commit: string;
  /** Paths of all files. */
  readonly paths: readonly string[];
  /** Size and checksum of some of them; asked one by one where the listing does not say them. */
  facts(paths: readonly string[]): Promise<HubFile[]>;
}

const listingSchema = z.object({
  sha: z.string().regex(commitForm),
  siblings: z.array(
    z.object({
      rfilename: z.string().min(1),
      size: z.number().int().nonnegative().nullish(),
      blobId: z.string().regex(commitForm).nullish(),
      lfs: z
        .object({
          sha256: z
            .string()
            .regex(/^[0-9a-f]{64}$/)
            .nullish(),
          size: z.number().int().nonnegative().nullish(),
        })
        .nullish(),
    }),
  ),
});
type Sibling = z.infer<typeof listingSchema>["siblings"][number];

/** Path segments of a file that stays inside its folder. */
function isInside(path: string): boolean {
  return (
    !/[\\\0]/.test(path) && path.split("/").every((part) => part !== "" && part !== "." && part !== "..")
  );
}

const encodedPath = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

/** Where a file lies on the hub. */
export function addressOf(place: HubPlace, name: HubName, commit: string, path: string): string {
  return `${place.endpoint}/${name.repo}/resolve/${commit}/${encodedPath(path)}`;
}

/**
 * Asks what a model holds.
 *
 * @throws as {@link ask}, OAL-D166 when the hub is not reached, OAL-D168 for an answer that is no listing
 */
export async function listModel(place: HubPlace, name: HubName, patience: Patience): Promise<HubListing> {
  const request: HubRequest = {
    place,
    name,
    url: `${place.endpoint}/api/models/${name.repo}/revision/${encodeURIComponent(name.revision)}?blobs=true`,
    headers: { accept: "application/json" },
    signal: patience.signal,
  };
  const text = await again(place, name, patience, async () => textOf(await ask(request), request));
  const listing = parsed(text, request);
  const known = new Map(listing.siblings.map((each) => [each.rfilename, each]));
  for (const path of known.keys())
    if (!isInside(path))
      throw strange(request, `it lists the file "${path}", which is no path inside a model`);
  return {
    commit: listing.sha,
    paths: [...known.keys()],
    facts: (paths) =>
      Promise.all(
        paths.map(async (path) => {
          const told = toldFacts(path, known.get(path));
          return told ?? again(place, name, patience, () => headFacts(request, listing.sha, path));
        }),
      ),
  };
}

function parsed(text: string, request: HubRequest): z.infer<typeof listingSchema> {
  try {
    return listingSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw strange(request, "its answer is not the list of a model's files", cause);
  }
}

function toldFacts(path: string, sibling: Sibling | undefined): HubFile | undefined {
  const size = sibling?.lfs?.size ?? sibling?.size;
  const etag = sibling?.lfs ? sibling.lfs.sha256 : sibling?.blobId;
  return typeof size === "number" && typeof etag === "string" ? { path, size, etag } : undefined;
}

/** Size and checksum from the headers of the file itself: the hub says them where it redirects to the store of large files. */
async function headFacts(request: HubRequest, commit: string, path: string): Promise<HubFile> {
  const { place, name } = request;
  const url = addressOf(place, name, commit, path);
  const { headers } = await ask({
    ...request,
    url,
    method: "HEAD",
    headers: { "accept-encoding": "identity" },
    stayOnHost: true,
  });
  const etag = (headers.get("x-linked-etag") ?? headers.get("etag") ?? "")
    .replace(/^W\//, "")
    .replaceAll('"', "");
  const size = Number(headers.get("x-linked-size") ?? headers.get("content-length") ?? Number.NaN);
  if (!/^[\w.-]{1,128}$/.test(etag) || /^\.+$/.test(etag) || !Number.isSafeInteger(size) || size < 0)
    throw strange(request, `it tells neither size nor version of ${path}`);
  return { path, size, etag };
}
