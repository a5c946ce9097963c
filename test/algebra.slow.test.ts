/** The thread and the engine of large decompositions give what the thread that asks gives, and let it live meanwhile. */
import type { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { algebraHere, type Table } from "../packages/core/dist/index.js";
import { openAlgebra } from "../packages/oal/dist/evaluation/algebra.js";
import { cpuEngine } from "../packages/oal/dist/runtime/engines/index.js";

const size = 200;
const rows: Table = {
  count: 250,
  width: size,
  data: Float64Array.from({ length: 250 * size }, (_, k) => Math.sin(k * k) + Math.cos(3 * k)),
};
const columns: Table = {
  count: size,
  width: 250,
  data: Float64Array.from(
    { length: 250 * size },
    (_, k) => rows.data[(k % 250) * size + Math.floor(k / 250)] ?? 0,
  ),
};

function agree(found: Table | null, wanted: Table | null): void {
  expect([found?.count, found?.width]).toEqual([wanted?.count, wanted?.width]);
  const largest = wanted?.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0) ?? 0;
  found?.data.forEach((x, k) => {
    if (!(Math.abs(x - (wanted?.data[k] ?? NaN)) <= 1e-12 * largest)) expect(x).toBe(wanted?.data[k]);
  });
}

it("one after the other, and while timers run", async () => {
  const algebra = openAlgebra(await cpuEngine());
  let ticks = 0;
  const timer = setInterval(() => ticks++, 5);
  try {
    const moments = await algebra.products(columns, columns);
    agree(moments, await algebraHere.products(columns, columns));
    agree(await algebra.moments(rows), moments);
    agree(await algebraHere.moments(rows), moments);
    const before = ticks;
    const [eigen, factor, none] = await Promise.all([
      algebra.eigen(moments),
      algebra.inverseFactor(moments, 1e-12),
      algebra.inverseFactor({ ...moments, data: moments.data.map(() => 1) }, 1e-12),
    ]);
    expect(ticks - before).toBeGreaterThan(2);
    const here = await algebraHere.eigen(moments);
    expect(eigen.values).toEqual(here.values);
    agree(eigen.vectors, here.vectors);
    agree(factor, await algebraHere.inverseFactor(moments, 1e-12));
    expect(none).toBeNull();
    // the same matrix is not decomposed again
    expect(await algebra.eigen({ ...moments, data: moments.data.slice() })).toBe(eigen);
  } finally {
    clearInterval(timer);
    await algebra.close();
  }
});

it("goes on with another thread when one has died, idle or with more to do", async () => {
  const algebra = openAlgebra(await cpuEngine());
  const scaled = (factor: number): Table => ({
    count: size,
    width: size,
    data: Float64Array.from({ length: size * size }, (_, k) => (k % (size + 1) === 0 ? factor : 0)),
  });
  const asked = (factor: number): Promise<Table | null> => algebra.inverseFactor(scaled(factor), 1e-12);
  const threads: Worker[] = [];
  let diesAtOnce = false;
  const seen = (thread: Worker): void => {
    threads.push(thread);
    if (diesAtOnce) void thread.terminate();
    diesAtOnce = false;
  };
  process.on("worker", seen);
  try {
    await asked(1);
    await threads[0]?.terminate();
    diesAtOnce = true;
    const [lost, found] = await Promise.allSettled([asked(2), asked(3)]);
    expect(lost).toMatchObject({ status: "rejected", reason: { code: "OAL-X101" } });
    expect(found.status).toBe("fulfilled");
    agree(await asked(3), await algebraHere.inverseFactor(scaled(3), 1e-12));
    expect(threads).toHaveLength(3);
  } finally {
    process.off("worker", seen);
    await algebra.close();
  }
});
