/** Family D: data that is missing, corrupt or contradictory (exit status 3). */
import { entry } from "../entry.js";

export const dataErrors = {
  "OAL-D101": entry<{ path: string }>({
    title: "path does not exist",
    exit: 3,
    message: ({ path }) => `${path}: no such file or folder`,
    remedy: "check the spelling of the path",
  }),
};
