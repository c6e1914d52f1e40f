/** What has to be said of a change besides what it did, on standard error. */

import { currentScope } from "../../client/door.ts";
import type { PolicyChanged } from "../../client/policy.ts";
import { printable } from "../../core/printable.ts";
import { warnUnrecorded } from "../config/unrecorded.ts";

const LINE_LIMIT = 400;

export function warn(text: string): void {
  process.stderr.write(`warning: ${printable(text, LINE_LIMIT)}\n`);
}

export function warnOfChange({ lockOut, unforeseen, unrecorded }: PolicyChanged): void {
  if (lockOut) {
    const services = lockOut.services.join(", ");
    if (lockOut.at <= Date.now()) warn(`forced: no administrator can pass any more at ${services}`);
    else {
      const since = `${new Date(lockOut.at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
      warn(`from ${since} on no administrator can pass at ${services}, as things stand`);
    }
  }
  if (unforeseen) {
    warn(`forced: whether an administrator can still pass is not known: ${unforeseen.message}`);
  }
  warnUnrecorded(unrecorded);
  warnOfOwn();
}

/** Where no daemon runs, whoever forgot sudo would take the host's for changed. */
export function warnOfOwn(): void {
  if (currentScope().name !== "personal") return;
  warn("this changed what is yours alone: for the host's, run it with sudo");
}
