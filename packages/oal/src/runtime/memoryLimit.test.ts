import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { memoryLimit } from "./memoryLimit.js";

const base = mkdtempSync(join(tmpdir(), "oal-limit-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** A root with these files. */
function rootOf(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(base, "root-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const machine = 16e9;

it.each<[string, Readonly<Record<string, string>>, number]>([
  [
    "version 2 in a container",
    { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "2000000000\n" },
    2e9,
  ],
  [
    "version 2, the group around is smaller",
    {
      "proc/self/cgroup": "0::/user.slice/app\n",
      "sys/fs/cgroup/user.slice/app/memory.max": "max\n",
      "sys/fs/cgroup/user.slice/memory.max": "3000000000\n",
    },
    3e9,
  ],
  [
    "version 1",
    {
      "proc/self/cgroup": "9:cpu,cpuacct:/d/x\n4:memory:/d/x\n0::/\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "sys/fs/cgroup/memory/d/x/memory.limit_in_bytes": "1000000000\n",
    },
    1e9,
  ],
  [
    "version 1 whose path is not there, as in a container",
    {
      "proc/self/cgroup": "4:memory:/docker/ab\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "4000000000",
    },
    4e9,
  ],
])("%s", (_name, files, bytes) => {
  expect(memoryLimit(rootOf(files), machine)).toEqual({ bytes, source: "container" });
});

it("without a limit, or with one above the machine's memory, it is the machine's", () => {
  const wanted = { bytes: machine, source: "machine" };
  expect(memoryLimit(join(base, "nowhere"), machine)).toEqual(wanted);
  const free = { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n" };
  expect(memoryLimit(rootOf(free), machine)).toEqual(wanted);
  const odd = { "proc/self/cgroup": "nonsense\n0::/a\n", "sys/fs/cgroup/a/memory.max": "99999999999999\n" };
  expect(memoryLimit(rootOf(odd), machine)).toEqual(wanted);
});
