/** Moments in the policy: a day, or a minute of it, in UTC: no host's time zone changes a rule. */

const FORM = /^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9]{2}:[0-9]{2})Z)?$/;

/**
 * `2026-12-01` (its midnight, UTC) or `2026-12-01T08:00Z`, in milliseconds since the epoch.
 * Undefined for anything else, and for a day that the calendar does not have.
 */
export function parseMoment(text: string): number | undefined {
  const [, day, time = "00:00"] = FORM.exec(text) ?? [];
  if (day === undefined) return undefined;
  const moment = Date.parse(`${day}T${time}:00Z`);
  // 30 February would be read as a day of March.
  if (Number.isNaN(moment) || !new Date(moment).toISOString().startsWith(`${day}T${time}`)) {
    return undefined;
  }
  return moment;
}
