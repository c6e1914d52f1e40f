/** Moments on the command line: a day, a minute, a time as our own documents have it, or so long ago. */
import { Fault } from "../core/fault.ts";
import { parseMoment } from "../core/policy/date.ts";
import { printable } from "../core/printable.ts";

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const AGO = /^([1-9][0-9]{0,5})([mhd])$/;
const DOCUMENTED = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z$/;

export const MOMENT_FORMS = "YYYY-MM-DD or YYYY-MM-DDTHH:MMZ, in UTC, or so long ago: 90m, 24h, 7d";

/**
 * Milliseconds since the epoch.
 * @param now the same
 * @throws Fault `usage`
 */
export function momentFrom(flag: string, text: string, now: number): number {
  const [, count, unit = ""] = AGO.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (UNITS[unit] ?? 0);
  const moment = DOCUMENTED.test(text) ? Date.parse(text) : parseMoment(text);
  if (moment !== undefined && !Number.isNaN(moment)) return moment;
  throw new Fault("usage", `--${flag}: this is no time: ${printable(text, 64)}`, {
    hint: MOMENT_FORMS,
  });
}
