/** Audit events and checkpoints as lines of the host's log. */
import type { AuditRecord } from "./audit-chain.ts";
import type { SignedCheckpoint } from "./audit-checkpoint.ts";
import { printable } from "./printable.ts";

/** Severities as in RFC 5424 section 6.2.1. */
export type Severity = "error" | "warning" | "notice" | "info";

export interface LogLine {
  readonly severity: Severity;
  /** One line, without control characters. */
  readonly message: string;
  /** For logs that have fields, by names in capital letters; values may have line feeds. */
  readonly fields: Readonly<Record<string, string>>;
}

/** One line `name=value …`, and the same as fields `COUNTERSIGN_NAME`. */
export function eventLine(record: AuditRecord): LogLine {
  const { action, verdict, reason, user, method, service, rhost, tty } = record;
  const { caller, detail, sequence, hash } = record;
  const what = { action, verdict, reason, user, method, service, rhost, tty, caller, detail };
  const told = present({ ...what, event: String(sequence) });
  return {
    severity: severityOf(record),
    message: words(told),
    fields: fieldsOf({ ...told, hash }),
  };
}

export function checkpointLine(checkpoint: SignedCheckpoint): LogLine {
  const { host, key, sequence, hash, at, text } = checkpoint;
  const signature = text.trimEnd().split("\n").at(-1) ?? "";
  const place = { event: String(sequence), hash, at: new Date(at).toISOString() };
  const told = { action: "audit-checkpoint", ...place, host, key, signature };
  return {
    severity: "notice",
    message: words(told),
    fields: { ...fieldsOf(told), COUNTERSIGN_CHECKPOINT: text },
  };
}

function severityOf({ verdict }: AuditRecord): Severity {
  if (verdict === "accept") return "info";
  return verdict === "unavailable" ? "error" : "notice";
}

function present(told: Readonly<Record<string, string | null>>): Record<string, string> {
  const entries = Object.entries(told).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return Object.fromEntries(entries.map(([name, value]) => [name, printable(value)]));
}

function fieldsOf(told: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(told).map(([name, value]) => [`COUNTERSIGN_${name.toUpperCase()}`, value]),
  );
}

/** What may stand without quotes: no name that somebody tries can say `verdict=accept`. */
const PLAIN = /^[\w.:@/+-]+$/;

function words(told: Readonly<Record<string, string>>): string {
  return Object.entries(told)
    .map(([name, value]) => `${name}=${PLAIN.test(value) ? value : JSON.stringify(value)}`)
    .join(" ");
}
