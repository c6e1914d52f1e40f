/**
 * Grace tickets: one accepted answer covers what else is asked in the same place for a while.
 * What a place is, and which is one.
 */

/** Of a rule, in seconds. */
export const GRACE = { least: 60, most: 12 * 3600 } as const;

/** All of it must be the same, to the letter. */
export interface GracePlace {
  readonly tty: string;
  /** Empty for a login that comes from no other host. */
  readonly rhost: string;
  /** Who asks to become the user, as PAM_RUSER has it. */
  readonly ruser: string;
  /** The boot, the leader of the login session and when that was started. */
  readonly session: string;
}

/** As the kernel names terminals that a person sits at; `ssh`, `unknown` and `:0` are none. */
const TERMINAL = /^(?:\/dev\/)?((?:pts\/|(?:tty|hvc|xvc)[A-Za-z]{0,8})[0-9]{1,7})$/;

/** As the PAM module tells it: src/pam/dialogue.c. */
const SESSION = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[1-9][0-9]{0,9}\.[0-9]{1,20}$/;

/** Bytes of a host or a name: what is longer, or has no plain spelling, has no ticket. */
const PLAIN = /^[\x21-\x7e]{0,255}$/;

/** Undefined where any of it is not known: then there is no ticket, and a code is asked for. */
export function gracePlace(origin: {
  readonly tty?: string | undefined;
  readonly rhost?: string | undefined;
  readonly ruser?: string | undefined;
  readonly session?: string | undefined;
}): GracePlace | undefined {
  const { rhost = "", ruser = "", session = "" } = origin;
  const tty = TERMINAL.exec(origin.tty ?? "")?.[1];
  if (tty === undefined || !SESSION.test(session)) return undefined;
  return PLAIN.test(rhost) && PLAIN.test(ruser) ? { tty, rhost, ruser, session } : undefined;
}

const DURATION = /^([1-9][0-9]{0,5})([smh]?)$/;
const SECONDS = { "": 1, s: 1, m: 60, h: 3600 } as const;

/** `90`, `90s`, `5m` or `2h` in seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = ""] = DURATION.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * SECONDS[unit as keyof typeof SECONDS];
}
