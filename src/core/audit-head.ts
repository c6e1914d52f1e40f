/** The place of the audit log's last event, as text to keep elsewhere. */

/** The last event's place. Printed and kept elsewhere, it shows a cut-off end. */
export interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

/** The head of an empty log. */
export const EMPTY_HEAD: AuditHead = { sequence: 0, hash: "0".repeat(64) };

/** `SEQUENCE:HASH`, as `audit verify` prints a head and `--head` takes it. */
export function formatHead(head: AuditHead): string {
  return `${head.sequence}:${head.hash}`;
}

/** The head that `formatHead` printed, or undefined when the text is none. */
export function parseHead(text: string): AuditHead | undefined {
  const parts = /^(0|[1-9][0-9]{0,14}):([0-9a-f]{64})$/.exec(text.trim());
  return parts?.[1] && parts[2] ? { sequence: Number(parts[1]), hash: parts[2] } : undefined;
}
