/** A line as journald and as syslogd take it. */
import type { LogLine, Severity } from "../core/audit-message.ts";

const IDENTIFIER = "countersign";
/** authpriv: RFC 5424 section 6.2.1, and syslog(3). */
const FACILITY = 10;
const SEVERITY: Readonly<Record<Severity, number>> = { error: 3, warning: 4, notice: 5, info: 6 };

/** The journal's native protocol: a field a line, or its length and its bytes. */
export function journalForm({ severity, message, fields }: LogLine): Buffer {
  const all = {
    MESSAGE: message,
    PRIORITY: String(SEVERITY[severity]),
    SYSLOG_FACILITY: String(FACILITY),
    SYSLOG_IDENTIFIER: IDENTIFIER,
    SYSLOG_PID: String(process.pid),
    ...fields,
  };
  return Buffer.concat(Object.entries(all).map(([name, value]) => journalField(name, value)));
}

/** A value with a line feed could else begin a field of its own. */
function journalField(name: string, value: string): Buffer {
  if (!value.includes("\n")) return Buffer.from(`${name}=${value}\n`);
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from("\n")]);
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** As syslog(3) writes to /dev/log: RFC 3164 without a host name, in local time. */
export function syslogForm({ severity, message }: LogLine, now = new Date()): Buffer {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = String(now.getDate()).padStart(2, " ");
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(":");
  const priority = FACILITY * 8 + SEVERITY[severity];
  const when = `${MONTHS[now.getMonth()]} ${day} ${time}`;
  return Buffer.from(`<${priority}>${when} ${IDENTIFIER}[${process.pid}]: ${message}`);
}
