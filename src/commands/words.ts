/** Words that several commands say the same way. */
import { formatBackupCode } from "../core/backup-code.ts";

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

/** The codes in two columns, with what to do with them. */
export function backupCodeLines(codes: readonly string[]): string[] {
  const half = Math.ceil(codes.length / 2);
  const rows = codes.slice(0, half).map((code, row) => {
    const other = codes[half + row];
    return `  ${formatBackupCode(code)}${other ? `    ${formatBackupCode(other)}` : ""}`;
  });
  return [
    "Backup codes, each good for one login when the phone is not at hand:",
    "",
    ...rows,
    "",
    "Print them or put them in a password manager: they are not shown again.",
  ];
}

/** By how much the phone's clock differs, in words. Seconds in; positive is ahead. */
export function clockWords(offset: number): string {
  const seconds = Math.abs(offset);
  const amount = seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
  const direction = offset > 0 ? "ahead of" : "behind";
  return `the phone's clock is ${amount} ${direction} this host's`;
}

/** `1 code`, `2 codes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
