/** Section `fixes`: a switch for every row of METHOD 9 that changes a number. */
import { z } from "zod";
import { rowOf, type RowId } from "./rows.js";

const aSwitch = (id: RowId) => {
  const { title, published, corrected } = rowOf(id);
  return z
    .boolean()
    .default(true)
    .describe(`${title}. false: as the published code, which ${published}. true: ${corrected}`);
};

/** Section `fixes`; what is not given is as the mode has it. */
export const fixesSchema = z.strictObject(switches());

function switches(): Record<RowId, ReturnType<typeof aSwitch>> {
  return {
    r01: aSwitch("r01"),
    r02: aSwitch("r02"),
    r03: aSwitch("r03"),
    r04: aSwitch("r04"),
    r05: aSwitch("r05"),
    r06: aSwitch("r06"),
    r07: aSwitch("r07"),
    r08: aSwitch("r08"),
    r09: aSwitch("r09"),
    r10: aSwitch("r10"),
    r12: aSwitch("r12"),
    r13: aSwitch("r13"),
    r15: aSwitch("r15"),
    r16: aSwitch("r16"),
    r17: aSwitch("r17"),
    r18: aSwitch("r18"),
    r19: aSwitch("r19"),
    r20: aSwitch("r20"),
    r21: aSwitch("r21"),
    r25: aSwitch("r25"),
  };
}
