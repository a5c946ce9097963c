/** Several sources in one batch, each with a share of its own. */
import { Random } from "oal-core";
import { z } from "zod";
import { batchIndices } from "../../data/batches.js";
import { readOptions, type MethodSettings } from "../../training/methods/method.js";
import type { OutlierPictures } from "../../training/side/outliers.js";
import { defineSource } from "./source.js";

/** Sources by id, and what each weighs. */
const schema = z.strictObject({
  members: z
    .record(z.string().min(1), z.number().min(0).max(1000))
    .refine((members) => Object.values(members).some((share) => share > 0), "one share at least above 0")
    .default({ phase: 1, jigsaw: 1, rotate: 1, latents: 1 })
    .describe(
      "the sources by id, with their shares of every batch; shares are divided by their sum, 0 leaves one out",
    )
    .meta({
      reason:
        "the three that cost nothing and gain by themselves, and the decoded outliers, in equal parts; mix and between look like the classes and lower near AUROC",
    }),
});

/** The source's id, and its section of the configuration. */
export const unionId = "union";

/** The share of every member by id, 0 for one that is left out. @throws OAL-T111 */
export function sharesOf(settings: MethodSettings): Readonly<Record<string, number>> {
  return readOptions(schema, settings, unionId).members;
}

/** One member of a union. */
export interface UnionMember {
  /** Names its random stream. */
  readonly id: string;
  readonly pictures: OutlierPictures;
  /** Above 0. */
  readonly share: number;
}

/**
 * Source "union". Rows are those of the members, one member after the other. Of a batch of M pictures the members get the places between
 * their cumulated shares, moved by one draw u of the step (systematic sampling):
 *
 *   place i belongs to member k where C(k-1) <= (i + u) / M < C(k),  C(k) = (w_1 + ... + w_k) / (w_1 + ... + w_K)
 *
 * so that every batch has the share of each to within one picture, and exactly on average: a draw for every picture would let small
 * members be absent from many batches and add that to the noise of the gradient. Each member goes through its own pictures in an order
 * of its own.
 *
 * @source a union of syntheses instead of one: docs/outliers.md; systematic sampling: Cochran, Sampling Techniques, ch. 8
 */
export const unionOfSources = defineSource({
  id: unionId,
  title: "several sources in one batch, each with its share",
  formula:
    "place i of M belongs to member k where C(k-1) <= (i + u) / M < C(k), C the cumulated shares, u one draw a step",
  source: "own; systematic sampling: Cochran 1977, ch. 8",
  section: unionId,
  about: "several outlier sources in one batch",
  schema,
  members: ({ members }) => Object.keys(members).filter((id) => members[id] !== 0),
  open: async ({ open, seed }, { members }) => {
    const opened: UnionMember[] = [];
    try {
      for (const [id, share] of Object.entries(members))
        if (share > 0) opened.push({ id, share, pictures: await open(id) });
    } catch (error) {
      for (const { pictures } of opened) pictures.close?.();
      throw error;
    }
    return unionOf(opened, seed);
  },
});

/** Members as one set of pictures. @param members one at least */
export function unionOf(members: readonly UnionMember[], seed: number): OutlierPictures {
  const random = new Random(seed, "outliers/union");
  const whole = members.reduce((sum, { share }) => sum + share, 0);
  const ends: number[] = [];
  const offsets: number[] = [];
  let [count, sum] = [0, 0];
  for (const { pictures, share } of members) {
    offsets.push(count);
    count += pictures.count;
    sum += share;
    ends.push(sum / whole);
  }
  const memberOf = (row: number): number => offsets.findLastIndex((offset) => offset <= row);
  const logits = members.map(({ pictures }) => pictures.teacherLogits);
  return {
    count,
    choose: (step, size) => {
      const places = systematic(ends, size, random.uniforms(step, 1)[0] ?? 0);
      const rows: number[] = [];
      members.forEach(({ id, pictures, share }, k) => {
        const own = places[k] ?? 0;
        // as many rows of the order a step, whether it shows all of them or not
        const room = Math.ceil((size * share) / whole - 1e-9);
        const chosen =
          pictures.choose?.(step, own) ??
          batchIndices(seed, step, pictures.count, Math.max(1, room, own), `data/outliers/${id}`).subarray(
            0,
            own,
          );
        for (const row of Array.from(chosen)) rows.push((offsets[k] ?? 0) + row);
      });
      return rows;
    },
    pictures: (rows, step) => {
      const owners = Array.from(rows, memberOf);
      let out = new Uint8Array();
      members.forEach(({ pictures }, k) => {
        const places = owners.flatMap((owner, place) => (owner === k ? [place] : []));
        if (places.length === 0) return;
        const own = pictures.pictures(
          places.map((place) => (rows[place] ?? 0) - (offsets[k] ?? 0)),
          step,
        );
        const size = own.length / places.length;
        if (out.length === 0) out = new Uint8Array(rows.length * size);
        places.forEach((place, i) => out.set(own.subarray(i * size, (i + 1) * size), place * size));
      });
      return out;
    },
    ...(logits.every((known) => known !== undefined) ? { teacherLogits: concatenated(logits) } : {}),
    close: () => {
      for (const { pictures } of members) pictures.close?.();
    },
  };
}

/** How many of `size` places fall to each member. @param ends cumulated shares, the last 1 */
function systematic(ends: readonly number[], size: number, draw: number): readonly number[] {
  const counts = ends.map(() => 0);
  for (let place = 0; place < size; place++) {
    const at = (place + draw) / size;
    const found = ends.findIndex((end) => at < end);
    const member = found < 0 ? ends.length - 1 : found;
    counts[member] = (counts[member] ?? 0) + 1;
  }
  return counts;
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
