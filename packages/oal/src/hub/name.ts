/** Names of hub models: OWNER/NAME[@REVISION], also with "hf:" in front where a path could stand as well. */
import { oalError } from "oal-core";

/** A model of the hub, and which state of it. */
export interface HubName {
  /** "OWNER/NAME", or "NAME" of the hub's first models. */
  readonly repo: string;
  /** A branch, a tag or a commit; "main" where none was given. */
  readonly revision: string;
}

/** What stands in front of a name where a path is expected. */
const mark = "hf:";
/** A part of a name; the hub refuses "--" and "..", and names that begin or end with a dot or dash. */
const part = /^(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?$/;
const revisionForm = /^(?!.*\.\.)[\w][\w./-]{0,254}$/;

/** The hub's name of a state that never changes. */
export const commitForm = /^[0-9a-f]{40}$/;

/** Whether a text is meant as the name of a hub model: it begins with "hf:". */
export function isHubName(text: string): boolean {
  return text.startsWith(mark);
}

/**
 * Reads OWNER/NAME[@REVISION].
 *
 * @throws OAL-C220 for a text that is no such name
 */
export function parseHubName(text: string): HubName {
  const given = isHubName(text) ? text.slice(mark.length) : text;
  const at = given.indexOf("@");
  const repo = at < 0 ? given : given.slice(0, at);
  const revision = at < 0 ? "main" : given.slice(at + 1);
  const parts = repo.split("/");
  if (parts.length > 2 || !parts.every((each) => part.test(each))) {
    throw oalError("OAL-C220", { name: text, problem: "is not OWNER/NAME, as in apple/mobilevit-small" });
  }
  if (!revisionForm.test(revision)) {
    throw oalError("OAL-C220", {
      name: text,
      problem: `has the revision "${revision}", which is no branch, tag or commit`,
    });
  }
  return { repo, revision };
}

/** The name as one writes it; "main" is not written. */
export function writtenName({ repo, revision }: HubName): string {
  return revision === "main" ? repo : `${repo}@${revision}`;
}

/** The folder of a model in the hub's cache. */
export function folderOfRepo(repo: string): string {
  return `models--${repo.replaceAll("/", "--")}`;
}

/** The model of a folder in the hub's cache; undefined for any other folder. */
export function repoOfFolder(folder: string): string | undefined {
  const [kind, ...parts] = folder.split("--");
  return kind === "models" && parts.length > 0 && parts.length < 3 ? parts.join("/") : undefined;
}
