// What figures depend on: the machine, its system, the versions.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";

/** Hardware and system as data. */
export function hardware() {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    vector: vectorUnits(),
    memoryGB: Math.round(totalmem() / 1e9),
    system: `${platform()} ${release()} ${arch()}`,
    /** Processes that wanted to run in the last minute before the bench: above 0.5 the wall times are no good. */
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

function vectorUnits() {
  try {
    const flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1].split(" ") ?? [];
    return ["avx512f", "avx2"].find((unit) => flags.includes(unit)) ?? "none";
  } catch {
    return "unknown";
  }
}

/** The commit that is measured, with a + where files differ from it; null outside a checkout. */
export function commit() {
  const git = (...words) =>
    execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  try {
    return git("rev-parse", "--short", "HEAD").trim() + (git("status", "--porcelain").trim() ? "+" : "");
  } catch {
    return null;
  }
}
