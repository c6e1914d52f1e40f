/** Words that several commands say the same way. */
export { backupCodeLines, clockWords } from "../core/enrollment-words.ts";

/** ISO 8601, in UTC. Milliseconds since the epoch in. */
export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

export function isoTimeOrNull(at: number | undefined): string | null {
  return at === undefined ? null : isoTime(at);
}

/** In local time, for tables; a dash for never. */
export function shortTime(at: number | undefined, to: "minutes" | "seconds" = "minutes"): string {
  if (at === undefined) return "-";
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return date
    .toISOString()
    .slice(0, to === "minutes" ? 16 : 19)
    .replace("T", " ");
}

/** `1 code`, `2 codes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
