/** The six examples of the README's section "Extending", taken out of the README and used by one run of the installed program. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, expect, it } from "vitest";
import { oal } from "./cli/oal.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "oal-extending-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
process.env["OAL_CACHE"] = join(folder, "cache");

/** Lines of a set: shades of each named colour, every one of its own. */
const colours = (named: Readonly<Record<string, string>>, each: number): string =>
  Object.entries(named)
    .flatMap(([name, hex]) =>
      Array.from(
        { length: each },
        (_, i) => `${(Number.parseInt(hex, 16) + i * 0x010203).toString(16)} ${name}`,
      ),
    )
    .join("\n");

it(
  "the README's detector, method, network, source, reader and stage work together",
  { timeout: 120_000 },
  async () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const blocks = [...readme.matchAll(/^```javascript\n(.*?)^```/gms)].map(([, code = ""]) => code);
    expect(blocks).toHaveLength(6);
    for (const [i, code] of blocks.entries()) {
      expect(code.trimEnd().split("\n").length, `example ${i + 1}`).toBeLessThanOrEqual(10);
      writeFileSync(join(folder, `${i}.mjs`), code);
    }
    writeFileSync(join(folder, "known.colours"), colours({ red: "b01018", blue: "1018b0" }, 16));
    writeFileSync(join(folder, "strange.colours"), colours({ grey: "606060", green: "108010" }, 4));
    writeFileSync(
      join(folder, "own.yaml"),
      `
preset: folder
plugins: [${blocks.map((_, i) => `./${i}.mjs`).join(", ")}]
threads: 1
methods: [calm, oal]
data: { source: ., id: { path: known.colours }, ood: [{ name: strange, path: strange.colours, group: far }] }
teacher: { network: colour, epochs: 2, batchSize: 8 }
student: { network: colour, epochs: 2, batchSize: 8 }
small: { weight: 0.1 }
kd: { featureWeight: 0 }
mi: { measure: false }
exposure: { outliers: bytes }
bytes: { count: 12 }
evaluation: { bootstrap: 0, detectors: [msp, doubt], scoreDetector: doubt }
`,
    );
    const { stdout, stderr, status } = oal(["evaluate", "own.yaml", "--out", "run"], { cwd: folder });
    expect([status, stderr]).toEqual([0, expect.not.stringContaining("OAL-")]);
    expect(stdout).toMatch(/│ calm +│ doubt +│/);
    expect(stdout).toMatch(/│ oal +│ doubt +│/);
    expect(stderr).not.toContain("latents"); // the outliers are noise: no diffusion model is trained
    const staged = oal(["run", "own.yaml", "--out", "run", "--until", "balance"], { cwd: folder });
    expect(staged.status, staged.stderr).toBe(0);
    const made = readdirSync(join(folder, "run", "artifacts")).find((name) => name.startsWith("balance-"));
    expect(existsSync(join(folder, "run", "artifacts", made ?? "", "balance.json"))).toBe(true);
    const green = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#10a010" } })
      .png()
      .toBuffer();
    writeFileSync(join(folder, "green.png"), green);
    const scored = oal(["score", "run", "green.png", "--json"], { cwd: folder });
    expect(scored.stdout, scored.stderr).toContain('"doubt"');
  },
);
