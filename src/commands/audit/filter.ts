/** The flags that say which events are meant. */
import { Flags } from "@oclif/core";
import type { AuditFilter } from "../../contracts/store.ts";
import { AUDIT_ACTIONS } from "../../core/audit-chain.ts";
import { Fault } from "../../core/fault.ts";
import { METHOD_NAMES } from "../../core/method-name.ts";
import { nearest } from "../../core/nearest.ts";
import { printable } from "../../core/printable.ts";
import { VERDICTS } from "../../core/verdict.ts";
import { momentFrom } from "../moment.ts";

const text = (helpValue: string, description: string) => Flags.string({ helpValue, description });

export const filterFlags = {
  user: text("USER", "only this user's events"),
  since: text("TIME", "from this time on: 2026-12-01, 2026-12-01T08:00Z, or 24h (ago)"),
  until: text("TIME", "before this time"),
  action: text("ACTION", "only what was done so: verify, reset, policy changes as settings-set"),
  verdict: Flags.string({ options: [...VERDICTS], description: "only what ended so" }),
  service: text("NAME", "only what this service of PAM asked for"),
  rhost: text("HOST", "only what came from this host, as the log has it"),
  method: text("METHOD", "only what this method was about"),
};

export interface FilterFlags {
  readonly user?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly action?: string | undefined;
  readonly verdict?: string | undefined;
  readonly service?: string | undefined;
  readonly rhost?: string | undefined;
  readonly method?: string | undefined;
}

/** @param now milliseconds since the epoch @throws Fault `usage` */
export function filterFrom(flags: FilterFlags, now: number): AuditFilter {
  const { user, since, until, action, verdict, service, rhost, method } = flags;
  demandKnown("action", action, AUDIT_ACTIONS);
  demandKnown("method", method, METHOD_NAMES);
  return {
    ...{ user, action, verdict, service, rhost, method },
    since: since === undefined ? undefined : momentFrom("since", since, now),
    until: until === undefined ? undefined : momentFrom("until", until, now),
  };
}

/** A slip of the pen is not to read as: nothing happened. */
function demandKnown(flag: string, name: string | undefined, known: readonly string[]): void {
  if (name === undefined || known.includes(name)) return;
  const near = nearest(name, known);
  throw new Fault("usage", `--${flag}: there is no ${flag} ${printable(name, 64)}`, {
    hint: (near.length > 0 ? near : known).join(", "),
  });
}
