/** What is said to whoever enrolls, in a login as well as at a terminal. */
import { formatBackupCode } from "./backup-code.ts";

/** The first lines of an enrollment in a login: something stands before them, such as ssh's own. */
export function enrollmentBanner(): string[] {
  return ["This account needs a second factor, and has none yet: set it up now."];
}

/** What a person is asked for whom codes are to be sent to. */
export const ADDRESS_PROMPT = "Phone number or mail address for codes: ";

/** The first line where an invitation is asked for. */
export function invitationBanner(): string[] {
  return ["This account is set up by invitation: an administrator has its code."];
}

/**
 * Shown at each login that is let in for the time being.
 * @param by milliseconds since the epoch
 */
export function enrollmentReminder(by: number): string {
  const time = new Date(by).toISOString().slice(0, 16).replace("T", " ");
  return `From ${time} UTC on, logging in takes a second factor. Set it up: countersign enroll`;
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

/** @param offset seconds by which the phone is ahead, where that is why */
export function wrongCodeLines(offset: number | undefined): string[] {
  if (offset === undefined) return ["That code does not fit. Type the one the app shows now:"];
  return [
    `That code does not fit: ${clockWords(offset)}.`,
    "Set the clock that is wrong, and type the code the app shows then:",
  ];
}
