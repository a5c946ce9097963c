import { describe, expect, it } from "vitest";
import { duration, lateProgress, showProgress } from "./progress.js";

function recorder(quiet: boolean): {
  lines: () => string;
  at: (ms: number) => void;
  view: ReturnType<typeof showProgress>;
} {
  let text = "";
  let clock = 0;
  const view = showProgress({ quiet, terminal: false, write: (more) => (text += more), now: () => clock });
  return { lines: () => text, at: (ms) => (clock = ms), view };
}

describe("progress without a terminal", () => {
  it("prints a line at most every ten seconds, with rate and time left", () => {
    const { lines, at, view } = recorder(false);
    for (let step = 100; step <= 200; step += 10) {
      at((step - 100) * 250);
      view.show({
        time: 0,
        stage: "teacher",
        kind: "loss",
        step,
        total: 400,
        terms: { ce: 0.123456 },
        rate: 4.04,
      });
    }
    view.show({ time: 0, stage: "teacher", kind: "done", terms: { seconds: 75 } });
    view.close();
    expect(lines()).toBe(
      "teacher      100/400  ce 0.1235  4/s\n" +
        "teacher      140/400  ce 0.1235  4/s  1m04s left\n" +
        "teacher      180/400  ce 0.1235  4/s  54s left\n" +
        "teacher      done  1m15s\n",
    );
  });

  it("estimates anew when a stage starts to count again", () => {
    const { lines, at, view } = recorder(false);
    [
      [0, 1, 300],
      [60, 300, 300],
      [61, 1, 500],
      [81, 101, 500],
    ].forEach(([seconds = 0, step = 0, total = 0]) => {
      at(seconds * 1000);
      view.show({ time: 0, stage: "diffusion", kind: "progress", step, total });
    });
    view.close();
    expect(lines()).toMatch(/101\/500  1m20s left\n$/);
  });

  it("leaves out of its estimate a time in which nothing of the kind was counted", () => {
    const { lines, at, view } = recorder(false);
    const show = (seconds: number, step: number): void => {
      at(seconds * 1000);
      view.show({ time: 0, stage: "intervals", kind: "progress", step, total: 86 });
    };
    for (let step = 0; step <= 43; step++) show(2 * step, step);
    // an hour of another model's scores, then the next intervals at the same pace
    for (let step = 44; step <= 63; step++) show(3600 + 2 * step, step);
    view.close();
    expect(lines()).toMatch(/59\/86 {2}54s left\n$/);
  });

  it("does not show the figures of one count beside another", () => {
    const { lines, at, view } = recorder(false);
    view.show({ time: 0, stage: "diffusion", kind: "loss", step: 300, total: 300, terms: { kl: 3 } });
    at(20_000);
    view.show({ time: 0, stage: "diffusion", kind: "progress", step: 1, total: 500, text: "denoiser" });
    view.close();
    expect(lines()).toMatch(/\n.* 1\/500 {2}denoiser\n$/);
  });

  it("shows warnings even when quiet, and nothing else", () => {
    const { lines, view } = recorder(true);
    view.show({ time: 0, stage: "data", kind: "progress", step: 1, total: 2 });
    view.show({ time: 0, stage: "data", kind: "warning", text: "3 images left out" });
    view.show({ time: 0, stage: "data", kind: "done" });
    expect(lines()).toBe("data: warning: 3 images left out\n");
  });

  it("writes names as one line that cannot steer a terminal", () => {
    const { lines, view } = recorder(false);
    const text = "evil\n\u001b[2J.jpg";
    for (const kind of ["warning", "message", "done"] as const)
      view.show({ time: 0, stage: "data", kind, text });
    view.close();
    expect(lines().split("\n")).toHaveLength(4);
    expect(lines()).toContain("data: warning: evil\\x0a\\x1b[2J.jpg\n");
    expect(lines()).not.toContain("\u001b");
  });

  it("writes durations for people", () => {
    expect([0, 59.6, 61, 3600, 7500].map(duration)).toEqual(["0s", "1m00s", "1m01s", "1h00m", "2h05m"]);
  });
});

describe("progress on a terminal", () => {
  /** What a view writes for one step of 25 in 100, then a warning, then its end. */
  function written(width: number): string {
    let text = "";
    const view = showProgress({
      terminal: true,
      columns: () => width,
      write: (more) => (text += more),
      now: () => 0,
    });
    view.show({ time: 0, stage: "teacher", kind: "loss", step: 25, total: 100, terms: { ce: 0.5 } });
    view.show({ time: 0, stage: "teacher", kind: "warning", text: "odd" });
    view.close();
    return text;
  }

  it("is one line, which other lines take the place of", () => {
    const bar = "teacher      ======------------------ 25/100  ce 0.5";
    expect(written(80)).toBe(`\r${bar}\u001b[K\r\u001b[Kteacher: warning: odd\n`);
  });

  it("stays two seconds with each of several stages, and leaves one that is done", () => {
    let clock = 0;
    const stages: string[] = [];
    const view = showProgress({
      terminal: true,
      columns: () => 80,
      write: (more) => void stages.push(...(/^\r([a-z]+) /.exec(more)?.slice(1) ?? [])),
      now: () => clock,
    });
    const count = (stage: string, seconds: number): void => {
      clock = seconds * 1000;
      view.show({ time: 0, stage, kind: "progress", step: seconds + 1, total: 100 });
    };
    for (let second = 0; second < 5; second++) for (const stage of ["kd", "oal"]) count(stage, second);
    expect(stages).toEqual(["kd", "kd", "kd", "oal", "oal", "kd"]);
    view.show({ time: 0, stage: "kd", kind: "done" });
    count("oal", 4);
    expect(stages.at(-1)).toBe("oal");
  });

  it("is never wider than the terminal", () => {
    expect(written(20)).toContain("\rteacher 25%  ce 0.5\u001b[K");
    expect(written(12)).toContain("\rteacher 25%\u001b[K");
  });
});

describe("progress of what is mostly quick", () => {
  it("says nothing in the first two seconds, and then how far it is", () => {
    let text = "";
    let clock = 0;
    const progress = lateProgress("score", {
      terminal: false,
      write: (more) => (text += more),
      now: () => clock,
    });
    progress.at(1, 100);
    clock = 1900;
    progress.at(40, 100);
    expect(text).toBe("");
    clock = 2100;
    progress.at(50, 100);
    progress.note("stopping ...");
    progress.close();
    expect(text).toBe("score        50/100\nstopping ...\n");
  });
});
