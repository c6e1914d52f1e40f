/** The host's log, which hears of each audit event: whether one is there, and takes them. */
import { type Finding, voiceOf } from "./finding.ts";

export interface AuditReaders {
  /** Undefined where the settings, which say it, do not parse. */
  readonly isOn: () => boolean | undefined;
  /** Sockets of the journal and of syslogd. */
  readonly sockets: { readonly journal: string; readonly syslog: string };
  readonly exists: (path: string) => boolean;
  /** Events that a running daemon could not tell; undefined where none answers. */
  readonly linesLost: () => Promise<number | undefined>;
}

const { ok, warning } = voiceOf("audit");

export async function examineAudit(readers: AuditReaders): Promise<Finding[]> {
  const { sockets, exists } = readers;
  const isOn = readers.isOn();
  if (isOn === undefined) return [];
  if (!isOn) return [ok("the host's log is told of no event: audit.systemLog is off")];
  const log = exists(sockets.journal) ? "the journal" : exists(sockets.syslog) ? "syslog" : "";
  if (log === "") {
    const mend = "start one, such as rsyslog; else: countersign config set audit.systemLog off";
    return [warning("the host has no log that could be told of audit events", mend)];
  }
  const lost = (await readers.linesLost()) ?? 0;
  if (lost === 0) return [ok(`${log} is told of each audit event as well`)];
  return [
    warning(
      `${log} has not taken ${lost} audit events since countersignd was started`,
      "see whether the log's daemon keeps up; the events are in countersign audit list",
    ),
  ];
}
