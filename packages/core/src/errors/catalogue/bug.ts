/** Family X: faults of oal itself (exit status 70), the only ones that show a stack. */
import { entry } from "../entry.js";

export const bugErrors = {
  "OAL-X101": entry<{ problem: string }>({
    title: "fault inside oal",
    exit: 70,
    message: ({ problem }) => `this is a fault of oal: ${problem}`,
    remedy: "please report it with the lines above",
  }),
};
