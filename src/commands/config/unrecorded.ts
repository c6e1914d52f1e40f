/** A change that the audit log could not be told of is made all the same, and says so. */
import type { Fault } from "../../core/fault.ts";

export function warnUnrecorded(fault: Fault | undefined): void {
  if (!fault) return;
  process.stderr.write(`warning: changed, but not recorded in the audit log: ${fault.message}\n`);
  if (fault.hint) process.stderr.write(`try: ${fault.hint}\n`);
}
