import { expect, it, vi } from "vitest";
import { doctorCommand } from "./doctor.js";

vi.mock("../../pipeline/doctor.js", () => ({
  examine: () => Promise.resolve({ usable: false, problems: ["no graphics processor"], devices: [] }),
}));

it("prints one JSON document of a machine that cannot be used; the error is on standard error and in the status", async () => {
  const written = { stdout: "", stderr: "" };
  const streams = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  try {
    await doctorCommand({ json: true, device: "webgpu" });
    expect(process.exitCode).toBe(4);
  } finally {
    process.exitCode = undefined;
    for (const stream of streams) stream.mockRestore();
  }
  expect(JSON.parse(written.stdout)).toMatchObject({ usable: false });
  expect(written.stderr).toMatch(/^OAL-R113 .*no graphics processor/);
});
