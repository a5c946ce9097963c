/** What a model of someone else costs as a teacher, said before it is paid. */
import type { StageJob } from "../plan/stage.js";

type Job = Pick<StageJob, "models" | "optionalInput" | "data" | "events">;

/** Seconds for people. */
function inWords(seconds: number): string {
  if (seconds < 90) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/**
 * Tells it, where the teacher is a model of someone else and its speed was measured.
 *
 * @param inSteps pictures that it looks at in the steps of a training; absent: every training picture once
 */
export function tellTeacherCost({ models, optionalInput, data, events }: Job, inSteps?: number): void {
  const each = optionalInput("teacher")?.manifest.metrics["secondsPerPicture"];
  if (!models.teacher || each === undefined) return;
  const { count } = data.train.set;
  const speed = `the teacher takes about ${each.toPrecision(2)} s a picture`;
  const once = `${inWords(each * count)} for the ${count} training pictures`;
  events.message(
    inSteps === undefined
      ? `${speed}: ${once}, once`
      : `${speed} and looks at ${inSteps} pictures in the steps: about ${inWords(each * inSteps)}; kd.teacherView: clean would take ${once}, once`,
  );
}
