/** Short exclusive work between processes: changing run.json, replacing published files. */
import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { tryClaim } from "./claim.js";

/** Milliseconds between two tries; the work under such a claim takes a few. */
const retryEvery = 20;

/**
 * Runs `body` while no other process does so for the same subject.
 *
 * @param claims folder of the store's claims
 * @param subject any text, such as a path
 */
export async function withClaim<T>(claims: string, subject: string, body: () => Promise<T>): Promise<T> {
  const name = `subject-${createHash("sha256").update(subject).digest("hex").slice(0, 24)}`;
  for (;;) {
    const attempt = await tryClaim(claims, name);
    if ("claim" in attempt) {
      try {
        return await body();
      } finally {
        await attempt.claim.release();
      }
    }
    await setTimeout(retryEvery);
  }
}
