// The Python that has the peers: the first of the candidates that can import a package. Debian's packages belong to /usr/bin/python3,
// which is not always the one on the PATH.
import { spawnSync } from "node:child_process";

const candidates = [process.env["OAL_BENCH_PYTHON"], "/usr/bin/python3", "python3"].filter(Boolean);

/** What a peer is called, where Debian has it, and how its version is asked for. */
const packages = {
  torch: { title: "PyTorch", debian: "python3-torch" },
  faiss: { title: "faiss", debian: "python3-faiss" },
  sklearn: { title: "scikit-learn", debian: "python3-sklearn" },
  PIL: { title: "Pillow", debian: "python3-pil" },
};

const found = new Map();

/** `{ python, version }` of a package, or `{ missing }`: a sentence that says what is not there. */
export function peer(name) {
  if (!found.has(name)) found.set(name, lookUp(name));
  return found.get(name);
}

function lookUp(name) {
  const { title, debian } = packages[name];
  for (const python of candidates) {
    const { status, stdout } = spawnSync(python, ["-c", `import ${name}; print(${name}.__version__)`], {
      encoding: "utf8",
    });
    if (status === 0) return { title, python, version: stdout.trim() };
  }
  return {
    title,
    missing: `${title} is not here (Debian: apt install ${debian}; another Python: OAL_BENCH_PYTHON): ours ran alone.`,
  };
}
